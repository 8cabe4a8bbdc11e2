#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor/patient.hpp"
#include "core/store/migrations.hpp"
#include "core/usage/drain.hpp"
#include "core/usage/journal.hpp"
#include "core/util/file.hpp"
#include "providers/prices/user_table.hpp"

namespace llmgw::doctor {
namespace {

constexpr unsigned permission_bits = 07777;

std::optional<struct stat> status_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) { return std::nullopt; }
    return info;
}

// Without another process's writer being waited for; a doctor is to be quick.
constexpr int busy_timeout_ms = 200;
constexpr std::chrono::milliseconds check_limit{40};
constexpr std::size_t journal_bytes_max = std::size_t{8} << 20;

}  // namespace

ConfigFacts look_at_config(Patient& patient) {
    ConfigFacts facts;
    facts.path = patient.config_path();
    if (const auto info = status_of(facts.path)) {
        facts.there = true;
        facts.mode = info->st_mode & permission_bits;
        facts.anothers = info->st_uid != ::geteuid() && info->st_uid != 0;
    }
    const auto& setup = patient.setup();
    if (!setup) {
        facts.error = setup.error().message;
        facts.holds_key = facts.error.contains("holds a key itself");
        return facts;
    }
    facts.warnings = setup->warnings;
    facts.routes = setup->config.routes.size();
    facts.providers = setup->providers.size();
    if (const auto prices = PriceTable::load(setup->config.prices.file); !prices) {
        facts.error = prices.error().message;
    }
    return facts;
}

DirectoryFacts look_at_directory(const Patient& patient) {
    DirectoryFacts facts;
    facts.path = patient.env().data_dir;
    std::filesystem::path nearest = facts.path;
    while (!status_of(nearest.string()) && nearest.has_relative_path()) {
        nearest = nearest.parent_path();
    }
    if (nearest.empty()) { nearest = "."; }
    facts.parent = nearest.string();
    facts.there = facts.parent == facts.path;
    if (const auto info = status_of(facts.parent)) {
        facts.is_directory = S_ISDIR(info->st_mode);
        facts.mode = info->st_mode & permission_bits;
    }
    facts.writable = ::faccessat(AT_FDCWD, facts.parent.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
    struct statvfs disk {};
    if (::statvfs(facts.parent.c_str(), &disk) == 0) {
        facts.free_bytes = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
        if ((disk.f_flag & ST_RDONLY) != 0) { facts.writable = false; }
    }
    return facts;
}

DatabaseFacts look_at_database(const Patient& patient) {
    DatabaseFacts facts;
    facts.path = patient.env().database_path();
    facts.schema_known = schema_version();
    const auto info = status_of(facts.path);
    if (!info) { return facts; }
    facts.there = true;
    facts.bytes = info->st_size;
    if (info->st_size == 0) {
        facts.there = false;  // made a moment ago
        return facts;
    }
    const auto look = [&]() -> Result<> {
        auto database = Database::open(facts.path, Database::Mode::read_only, busy_timeout_ms);
        if (!database) { return std::unexpected(database.error()); }
        const auto version = database->integer("PRAGMA user_version");
        if (!version) { return std::unexpected(version.error()); }
        facts.schema = static_cast<int>(*version);
        if (const auto ours = read_schema_version(*database); !ours) { return std::unexpected(ours.error()); }
        const auto checked = database->quick_check(check_limit);
        if (!checked) { return std::unexpected(checked.error()); }
        facts.checked = *checked;
        if (facts.checked.check == Database::Check::damaged || facts.schema == 0) { return {}; }
        const auto calls = database->integer(facts.schema >= 2 ? "SELECT (SELECT count(*) FROM calls) + (SELECT "
                                                                 "coalesce(sum(calls), 0) FROM rollups)"
                                                               : "SELECT count(*) FROM calls");
        if (!calls) { return std::unexpected(calls.error()); }
        facts.calls = *calls;
        const auto last = database->integer("SELECT max(started_ms) FROM calls");
        if (last && *last > 0) { facts.last_call_ms = *last; }
        return {};
    };
    if (const auto looked = look(); !looked) { facts.error = looked.error().message; }
    return facts;
}

JournalFacts look_at_journal(const Patient& patient) {
    JournalFacts facts;
    std::size_t bytes_left = journal_bytes_max;
    for (const auto& path : list_segments(journal_path(patient.env().data_dir))) {
        const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd) { continue; }  // drained in this moment
        // As drain_segment() does: a living process holds its segment.
        const bool held = ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0;
        ::flock(fd.get(), LOCK_UN);
        const auto text = read_all(fd, path, bytes_left);
        if (!text) {
            facts.counted_all = false;
            if (text.error().kind != ErrorKind::too_large) { facts.error = text.error().message; }
            (held ? facts.held : facts.left) += 1;
            continue;
        }
        bytes_left -= text->size();
        (held ? facts.held : facts.left) += std::ranges::count(*text, '\n');
    }
    return facts;
}

}  // namespace llmgw::doctor
