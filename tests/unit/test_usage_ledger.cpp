#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/usage/journal.hpp"
#include "core/usage/ledger.hpp"
#include "core/usage/report.hpp"
#include "core/util/file.hpp"
#include "usage_fixture.hpp"

using namespace llmgw;
using namespace llmgw::test;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds long_enough{20'000};
constexpr milliseconds at_once{30};

const SystemClock system_clock;

// What the ledger warned of. Warnings come from its writer thread.
class Warnings {
public:
    std::function<void(std::string)> sink() {
        return [this](std::string text) {
            const std::lock_guard lock(mutex_);
            texts_.push_back(std::move(text));
            said_.notify_all();
        };
    }
    // The same once there is one: the writer thread says it in its own time.
    std::size_t count_once_said(std::string_view part) const {
        std::unique_lock lock(mutex_);
        const auto said = [&] {
            return std::ranges::any_of(texts_, [&](const auto& text) { return text.find(part) != std::string::npos; });
        };
        said_.wait_for(lock, std::chrono::seconds(20), said);
        lock.unlock();
        return count(part);
    }
    std::size_t count(std::string_view part) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count_if(texts_.begin(), texts_.end(), [&](const std::string& text) {
            return text.find(part) != std::string::npos;
        }));
    }

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable said_;
    std::vector<std::string> texts_;
};

LedgerOptions options_for(const TempDir& dir) {
    return {.data_dir = dir.data(), .group_ms = 1, .busy_timeout_ms = 1, .close_ms_max = 200};
}

void record_many(Ledger& ledger, int calls, const std::string& feature = "search") {
    for (int i = 0; i < calls; ++i) {
        ledger.record(sample_call(feature));
    }
}

// Holds the database's write lock.
class Locked {
public:
    explicit Locked(const std::string& data_dir)
        : database_(*Database::open(database_path(data_dir), Database::Mode::read_write, 1000)) {
        REQUIRE(database_.execute("BEGIN EXCLUSIVE").has_value());
    }

private:
    Database database_;
};

}  // namespace

TEST_SUITE("usage_ledger") {
    TEST_CASE("Ledger: what was recorded is in the database after flush, and the journal is empty again") {
        const TempDir dir;
        Warnings warnings;
        const auto ledger = make_ledger(options_for(dir), system_clock, warnings.sink());
        record_many(*ledger, 1500);
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 1500);
        CHECK(query_integer(dir.data(), "SELECT count(*) FROM attempts") == 1500);
        const auto stats = ledger->stats();
        CHECK(stats.written == 1500);
        CHECK(stats.queued == 0);
        CHECK(stats.dropped == 0);
        CHECK(stats.journal_bytes == 0);
        CHECK(stats.database_ok);
        CHECK(stats.journal_ok);
        CHECK(journal_bytes(dir.data()) == 0);
        CHECK(warnings.count("") == 0);
    }

    TEST_CASE("Ledger: the destructor writes what is queued and leaves no journal") {
        const TempDir dir;
        {
            auto options = options_for(dir);
            options.group_ms = 60'000;
            options.close_ms_max = 20'000;
            const auto ledger = make_ledger(options, system_clock, nullptr);
            record_many(*ledger, 100);
        }
        CHECK(call_count(dir.data()) == 100);
        CHECK(list_segments(journal_path(dir.data())).empty());
    }

    TEST_CASE("Ledger: locked, it goes on; beyond the queue calls wait on disk; all are there afterwards") {
        const TempDir dir;
        Warnings warnings;
        auto options = options_for(dir);
        options.queue_max = 10;
        options.segment_bytes_max = 8192;
        const auto ledger = make_ledger(options, system_clock, warnings.sink());
        REQUIRE(ledger->flush(long_enough));
        {
            const Locked lock(dir.data());
            record_many(*ledger, 60);
            CHECK_FALSE(ledger->flush(at_once));
            CHECK(warnings.count_once_said("database is locked") == 1);
            const auto stats = ledger->stats();
            CHECK(stats.queued == 10);
            CHECK(stats.spilled == 50);
            CHECK(stats.dropped == 0);
            CHECK_FALSE(stats.database_ok);
            CHECK(call_count(dir.data()) == 0);
        }
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 60);
        CHECK(ledger->stats().database_ok);
        CHECK(journal_bytes(dir.data()) == 0);
        CHECK(warnings.count("database is locked") == 1);
        CHECK(warnings.count("the database works again") == 1);
    }

    TEST_CASE("Ledger: locked until the end, the journal has it all for the next one") {
        const TempDir dir;
        {
            const auto ledger = make_ledger(options_for(dir), system_clock, nullptr);
            REQUIRE(ledger->flush(long_enough));
            const Locked lock(dir.data());
            record_many(*ledger, 30);
            CHECK_FALSE(ledger->flush(at_once));
        }
        // The destructor came after the lock's end; what it may have written counts once all the same.
        {
            const auto ledger = make_ledger(options_for(dir), system_clock, nullptr);
            REQUIRE(ledger->flush(long_enough));
        }
        CHECK(call_count(dir.data()) == 30);
        CHECK(list_segments(journal_path(dir.data())).empty());

        // And with the lock held over the ledger's end.
        const Locked lock(dir.data());
        {
            const auto ledger = make_ledger(options_for(dir), system_clock, nullptr);
            record_many(*ledger, 30);
        }
        CHECK(call_count(dir.data()) == 30);
        CHECK(list_segments(journal_path(dir.data())).size() == 1);
    }

    TEST_CASE("Ledger: a full disk stops neither the caller nor, later, the log") {
        const TempDir dir;
        Warnings warnings;
        const auto ledger = make_ledger(options_for(dir), system_clock, warnings.sink());
        record_many(*ledger, 5);
        REQUIRE(ledger->flush(long_enough));
        rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
        const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
        auto limited = before;
        limited.rlim_cur = 16 << 10;  // room for ten journal lines, not for a transaction's pages
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limited) == 0);
        record_many(*ledger, 10);
        const bool flushed = ledger->flush(at_once);
        CHECK(warnings.count_once_said("usage.db") == 1);
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        std::signal(SIGXFSZ, old_handler);
        CHECK_FALSE(flushed);
        CHECK(ledger->stats().queued == 10);
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 15);
        CHECK(query_integer(dir.data(), "PRAGMA integrity_check") == 0);  // "ok" is no number
    }

    TEST_CASE("Ledger: a read-only database, writable again later") {
        const Unprivileged user;
        const TempDir dir;
        { REQUIRE(make_ledger(options_for(dir), system_clock, nullptr)->flush(long_enough)); }
        std::filesystem::permissions(database_path(dir.data()), std::filesystem::perms::owner_read);
        Warnings warnings;
        const auto ledger = make_ledger(options_for(dir), system_clock, warnings.sink());
        record_many(*ledger, 20);
        CHECK_FALSE(ledger->flush(at_once));
        CHECK(warnings.count_once_said("usage.db") == 1);
        CHECK(journal_bytes(dir.data()) > 0);
        std::filesystem::permissions(database_path(dir.data()), std::filesystem::perms(0600));
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 20);
    }

    TEST_CASE("Ledger: files deleted under it are made again, and nothing after that is lost") {
        const TempDir dir;
        Warnings warnings;
        const auto ledger = make_ledger(options_for(dir), system_clock, warnings.sink());
        record_many(*ledger, 5, "before");
        REQUIRE(ledger->flush(long_enough));
        SUBCASE("the database alone") {
            std::filesystem::remove(database_path(dir.data()));
        }
        SUBCASE("the database with its helper files") {
            for (const char* suffix : {"", "-wal", "-shm"}) {
                std::filesystem::remove(database_path(dir.data()) + suffix);
            }
        }
        SUBCASE("moved away and replaced by another log") {
            std::filesystem::rename(database_path(dir.data()), dir.path() + "/old.db");
            CHECK(drain_journal(dir.data()).has_value());
        }
        SUBCASE("the whole directory") {
            std::filesystem::remove_all(dir.data());
        }
        record_many(*ledger, 700, "after");
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 700);
        record_many(*ledger, 1, "after");
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 701);
        CHECK(journal_bytes(dir.data()) == 0);
        CHECK(ledger->stats().journal_ok);
    }

    TEST_CASE("Ledger: a damaged database is left alone, and the calls wait") {
        const TempDir dir;
        const std::string damaged(9000, 'x');
        REQUIRE(ensure_private_dir(dir.data()).has_value());
        REQUIRE(write_private_file(database_path(dir.data()), damaged).has_value());
        Warnings warnings;
        const auto ledger = make_ledger(options_for(dir), system_clock, warnings.sink());
        record_many(*ledger, 20);
        CHECK_FALSE(ledger->flush(at_once));
        CHECK(warnings.count_once_said("not a database") == 1);
        CHECK(*read_file(database_path(dir.data()), 1 << 20) == damaged);
        CHECK(journal_bytes(dir.data()) > 0);
        std::filesystem::rename(database_path(dir.data()), dir.path() + "/damaged.db");
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 20);
    }

    TEST_CASE("Ledger: without a journal calls are kept in memory, and said to be") {
        const TempDir dir;
        REQUIRE(ensure_private_dir(dir.data()).has_value());
        std::ofstream(journal_path(dir.data())) << "in the way";
        Warnings warnings;
        auto options = options_for(dir);
        options.queue_max = 10;
        const auto ledger = make_ledger(options, system_clock, warnings.sink());
        record_many(*ledger, 5);
        REQUIRE(ledger->flush(long_enough));
        record_many(*ledger, 5);
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 10);
        CHECK_FALSE(ledger->stats().journal_ok);
        CHECK(warnings.count("in memory only") == 1);
        {
            const Locked lock(dir.data());
            record_many(*ledger, 25);
            CHECK_FALSE(ledger->flush(at_once));
            CHECK(ledger->stats().dropped == 15);
            CHECK(warnings.count_once_said("15 calls could not be kept") == 1);
        }
        std::filesystem::remove(journal_path(dir.data()));
        REQUIRE(ledger->flush(long_enough));
        record_many(*ledger, 1);
        REQUIRE(ledger->flush(long_enough));
        CHECK(call_count(dir.data()) == 21);
        CHECK(ledger->stats().journal_ok);
        CHECK(warnings.count("the journal works again") == 1);
    }

    TEST_CASE("Ledger: two of them on one directory, several threads each") {
        const TempDir dir;
        constexpr int threads = 4;
        constexpr int each = 300;
        {
            std::vector<std::unique_ptr<UsageLedger>> ledgers;
            // Waits for its turn longer than the other's transaction takes.
            auto options = options_for(dir);
            options.busy_timeout_ms = 2000;
            options.close_ms_max = 20'000;
            for (int i = 0; i < 2; ++i) {
                ledgers.push_back(make_ledger(options, system_clock, nullptr));
            }
            std::vector<std::jthread> workers;
            for (int i = 0; i < threads; ++i) {
                workers.emplace_back([&ledgers, i] { record_many(*ledgers[static_cast<std::size_t>(i % 2)], each); });
            }
            // Readers meanwhile never find the database busy.
            REQUIRE(ledgers[0]->flush(long_enough));
            std::int64_t seen = 0;
            for (int i = 0; i < 30; ++i) {
                const auto report = run_report(database_path(dir.data()), {*parse_dimensions("feature")});
                REQUIRE_MESSAGE(report.has_value(), report.error().message);
                CHECK(report->total.calls >= seen);
                seen = report->total.calls;
            }
        }
        CHECK(call_count(dir.data()) == threads * each);
        CHECK(list_segments(journal_path(dir.data())).empty());
    }

    TEST_CASE("Ledger: kill -9 loses no call whose record() had returned, and doubles none") {
        constexpr std::size_t id_size = 36;
        std::mt19937 random(std::random_device{}());
        for (int round = 0; round < 8; ++round) {
            const TempDir dir;
            int ends[2];
            REQUIRE(::pipe(ends) == 0);
            const auto child = ::fork();
            if (child == 0) {
                ::close(ends[0]);
                auto options = options_for(dir);
                options.queue_max = 50;  // so that calls are also spilled
                options.segment_bytes_max = 64 << 10;
                const auto ledger = make_ledger(options, system_clock, nullptr);
                std::vector<std::thread> workers;
                for (int i = 0; i < 3; ++i) {
                    workers.emplace_back([&] {
                        for (;;) {
                            auto record = sample_call();
                            const auto id = record.call.call_id;
                            ledger->record(std::move(record));
                            if (::write(ends[1], id.data(), id.size()) != id_size) { ::_exit(1); }
                        }
                    });
                }
                for (auto& worker : workers) {
                    worker.join();
                }
            }
            ::close(ends[1]);
            const auto enough = std::uniform_int_distribution<std::size_t>(1, 3000)(random);
            std::string reported;
            bool killed = false;
            char chunk[id_size * 16];
            for (ssize_t n = 0; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;) {
                reported.append(chunk, static_cast<std::size_t>(n));
                if (!killed && reported.size() >= enough * id_size) {
                    ::kill(child, SIGKILL);
                    killed = true;
                }
            }
            ::close(ends[0]);
            ::waitpid(child, nullptr, 0);
            REQUIRE(killed);

            REQUIRE(drain_journal(dir.data()).has_value());
            auto database = Database::open(database_path(dir.data()), Database::Mode::read_only, 5000);
            REQUIRE(database.has_value());
            auto find = database->prepare("SELECT count(*) FROM calls JOIN attempts USING (call_id) WHERE call_id = ?");
            REQUIRE(find.has_value());
            std::size_t missing = 0;
            for (std::size_t at = 0; at + id_size <= reported.size(); at += id_size) {
                find->reset();
                find->bind(1, std::string_view(reported).substr(at, id_size));
                REQUIRE(find->step() == Statement::Step::row);
                if (find->integer(0) != 1) { ++missing; }
            }
            CHECK_MESSAGE(missing == 0, "of " << reported.size() / id_size);
            CHECK(list_segments(journal_path(dir.data())).empty());
        }
    }
}
