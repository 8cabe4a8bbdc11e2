// What the tests of the usage log share: a directory of their own, and calls to write.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "core/store/db.hpp"
#include "core/usage/drain.hpp"
#include "core/usage/row.hpp"
#include "core/util/clock.hpp"
#include "core/util/id.hpp"

namespace llmgw::test {

class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "llmgw-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }
    // A data directory that does not exist yet.
    std::string data() const { return path_ + "/data"; }

private:
    std::string path_;
};

// The kernel does not refuse root anything: where tests run as root, this one goes on as somebody else.
class Unprivileged {
public:
    Unprivileged() {
        if (::geteuid() == 0) { changed_ = ::seteuid(65534) == 0; }
    }
    ~Unprivileged() {
        if (changed_ && ::seteuid(0) != 0) { std::abort(); }
    }

private:
    bool changed_ = false;
};

// A finished, priced call with one attempt.
inline CallRecord sample_call(std::string feature = "search", std::int64_t started_ms = 1'700'000'000'000) {
    CallRecord record;
    auto& call = record.call;
    call.call_id = make_id(SystemClock{});
    call.started_ms = started_ms;
    call.duration_ms = 900;
    call.feature = std::move(feature);
    call.operation = "messages";
    call.client_dialect = call.provider_dialect = "anthropic";
    call.provider = "anthropic";
    call.requested_model = call.served_model = "claude-haiku-4-5";
    call.http_status = 200;
    call.usage.counts.input = 100;
    call.usage.counts.output = 20;
    call.cost = {.nano = 200'000, .basis = CostBasis::reported, .price_source = "test", .price_date = "2026-01-01"};
    auto& attempt = record.attempts.emplace_back();
    attempt.provider = call.provider;
    attempt.model = attempt.served_model = call.served_model;
    attempt.http_status = 200;
    attempt.usage = call.usage;
    attempt.cost = call.cost;
    return record;
}

// The first column of the first row; -1 when the database cannot be read.
inline std::int64_t query_integer(const std::string& data_dir, const char* sql) {
    auto database = Database::open(database_path(data_dir), Database::Mode::read_only, 5000);
    if (!database) { return -1; }
    return database->integer(sql).value_or(-1);
}

inline std::int64_t call_count(const std::string& data_dir) {
    return query_integer(data_dir, "SELECT count(*) FROM calls");
}

// Bytes in the journal directory's files.
inline std::uintmax_t journal_bytes(const std::string& data_dir) {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(journal_path(data_dir), error)) {
        bytes += entry.file_size();
    }
    return bytes;
}

}  // namespace llmgw::test
