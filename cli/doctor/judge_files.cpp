#include <fmt/format.h>

#include "cli/doctor/judge.hpp"
#include "cli/term/money.hpp"
#include "core/usage/period.hpp"

namespace llmgw::doctor {
namespace {

constexpr unsigned others_may_write = 022;
constexpr unsigned others_may_read = 044;
constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
// A day of a busy gateway is some tens of MiB.
constexpr std::int64_t free_bytes_low = 512 * mib;
constexpr std::int64_t free_bytes_none = 16 * mib;

std::string counted(std::int64_t n, const char* one, const char* many) {
    return grouped(n) + " " + (n == 1 ? one : many);
}

std::string counted_providers(const ConfigFacts& facts) {
    auto text = counted(static_cast<std::int64_t>(facts.providers), "provider", "providers");
    if (facts.routes > 0) { text += ", " + counted(static_cast<std::int64_t>(facts.routes), "route", "routes"); }
    return text;
}

// Only a file that can be read by nobody is put aside: one that this user may not read or write is kept.
std::string database_remedy(const DatabaseFacts& facts) {
    if (facts.schema > facts.schema_known) { return "install the llmgw that made it"; }
    for (const auto* of_no_use : {"not a database", "malformed", "some other database"}) {
        if (facts.error.contains(of_no_use)) {
            return "mv " + facts.path + " aside; llmgw makes a new one, and calls go on";
        }
    }
    if (facts.error.contains("locked")) { return "end what holds it, or look again when that is done"; }
    return "make it and its directory yours: sudo chown -R \"$USER\" " + facts.path.substr(0, facts.path.rfind('/'));
}

}  // namespace

std::string span_text(std::int64_t ms) {
    const auto seconds = (ms + 999) / 1000;
    if (seconds < 120) { return fmt::format("{} s", seconds); }
    if (seconds < 2 * 3600) { return fmt::format("{} min", seconds / 60); }
    if (seconds < 48 * 3600) { return fmt::format("{} h", seconds / 3600); }
    return fmt::format("{} days", seconds / 86'400);
}

std::string bytes_text(std::int64_t bytes) {
    const auto size = static_cast<double>(bytes);
    if (bytes < mib) { return fmt::format("{} KiB", (bytes + kib - 1) / kib); }
    if (bytes < 1024 * mib) { return fmt::format("{:.0f} MiB", size / static_cast<double>(mib)); }
    return fmt::format("{:.1f} GiB", size / static_cast<double>(1024 * mib));
}

Findings judge_config(const ConfigFacts& facts) {
    const std::string what = "config file";
    Findings out;
    if (!facts.error.empty()) {
        out.push_back({Level::problem, what, facts.error, "mend the file, then: llmgw config check"});
    } else if (!facts.there) {
        out.push_back({Level::ok, what, "none at " + facts.path + "; none is needed"});
    } else {
        out.push_back({Level::ok, what, facts.path + ": " + counted_providers(facts)});
    }
    for (const auto& warning : facts.warnings) {
        out.push_back({Level::warning, what, warning});
    }
    if (!facts.there) { return out; }
    if (facts.anothers) {
        out.push_back({Level::warning, "its owner",
                       "the file belongs to another user, who can send your keys elsewhere",
                       "chown $USER " + facts.path});
    } else if ((facts.mode & others_may_write) != 0) {
        out.push_back({Level::warning, "its permissions",
                       "other users may change it, and so run commands as you or send your calls elsewhere",
                       "chmod go-w " + facts.path});
    }
    if (facts.holds_key && (facts.mode & others_may_read) != 0) {
        out.push_back({Level::problem, "its permissions", "it holds a key, and other users may read it",
                       "chmod 600 " + facts.path + ", and replace the key at the provider"});
    }
    return out;
}

Findings judge_directory(const DirectoryFacts& facts) {
    const std::string what = "data directory";
    if (facts.there && !facts.is_directory) {
        return {{Level::problem, what, facts.path + " is no directory", "mv " + facts.path + " somewhere else"}};
    }
    if (!facts.writable) {
        return {{Level::problem, what,
                 (facts.there ? facts.path : facts.parent) + " cannot be written: nothing can be logged",
                 "make it yours, or set XDG_DATA_HOME to a directory that is"}};
    }
    Findings out;
    const auto free = facts.free_bytes ? ", " + bytes_text(*facts.free_bytes) + " free" : std::string();
    const std::string where = facts.there ? facts.path : facts.path + ", made when needed";
    if (facts.free_bytes && *facts.free_bytes < free_bytes_none) {
        out.push_back({Level::problem, what, where + free + ": calls cannot be logged when the disk is full",
                       "make room on that disk"});
    } else if (facts.free_bytes && *facts.free_bytes < free_bytes_low) {
        out.push_back({Level::warning, what, where + free, "make room on that disk"});
    } else {
        out.push_back({Level::ok, what, where + free});
    }
    if (facts.there && (facts.mode & 077) != 0) {
        out.push_back({Level::warning, what, "other users may enter it; llmgw tightens that at its next start",
                       "chmod 700 " + facts.path});
    }
    return out;
}

Findings judge_database(const DatabaseFacts& facts) {
    const std::string what = "usage log";
    if (!facts.error.empty()) { return {{Level::problem, what, facts.error, database_remedy(facts)}}; }
    if (!facts.there) { return {{Level::note, what, "no calls are logged yet"}}; }
    if (facts.checked.check == Database::Check::damaged) {
        return {{Level::problem, what, facts.path + " is damaged: " + facts.checked.message,
                 fmt::format("sqlite3 {0} .recover | sqlite3 new.db; then put new.db in its place", facts.path)}};
    }
    auto text = counted(facts.calls, "call", "calls");
    if (facts.last_call_ms) { text += ", the last on " + local_text(*facts.last_call_ms); }
    text += ", " + bytes_text(facts.bytes);
    text += fmt::format(", schema {}", facts.schema);
    if (facts.schema < facts.schema_known) {
        text += fmt::format(" (becomes {} when it is next opened)", facts.schema_known);
    }
    if (facts.checked.check == Database::Check::unfinished) { text += "; sound as far as a quick look went"; }
    return {{Level::ok, what, text}};
}

Findings judge_journal(const JournalFacts& facts) {
    const std::string what = "journal";
    if (!facts.error.empty()) { return {{Level::warning, what, facts.error}}; }
    const auto at_least = [&](std::int64_t n) {
        return (facts.counted_all ? "" : "at least ") + counted(n, "call", "calls");
    };
    if (facts.left > 0) {
        return {{Level::warning, what,
                 at_least(facts.left) + " of a gateway that ended early " + (facts.left == 1 ? "is" : "are") +
                     " not in the database yet",
                 "llmgw usage, which puts them there"}};
    }
    if (facts.held > 0) { return {{Level::ok, what, at_least(facts.held) + " on the way to the database"}}; }
    return {};
}

}  // namespace llmgw::doctor
