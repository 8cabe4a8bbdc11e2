#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/usage/drain.hpp"
#include "core/usage/journal.hpp"
#include "core/usage/record_text.hpp"
#include "core/util/file.hpp"
#include "usage_fixture.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

std::string line_of(const CallRecord& record) {
    std::string line;
    append_record(record, line);
    return line;
}

std::size_t segment_count(const std::string& directory) {
    return list_segments(directory).size();
}

void write_orphan(const std::string& data_dir, const std::string& text) {
    REQUIRE(ensure_private_dir(journal_path(data_dir)).has_value());
    std::ofstream(journal_path(data_dir) + "/" + make_id(SystemClock{}) + ".log") << text;
}

}  // namespace

TEST_SUITE("usage_journal") {
    TEST_CASE("Journal: a segment goes when all of its records are committed and it has a successor") {
        const TempDir dir;
        const SystemClock clock;
        Journal journal({.directory = dir.data()}, clock);
        auto a = journal.append(line_of(sample_call()));
        auto b = journal.append(line_of(sample_call()));
        REQUIRE(a);
        CHECK(a == b);
        CHECK(journal.bytes() == a->bytes());
        journal.maintain(true);
        CHECK(segment_count(dir.data()) == 2);
        a->mark_committed();
        a.reset();
        CHECK(segment_count(dir.data()) == 2);
        b->mark_committed();
        b.reset();
        CHECK(segment_count(dir.data()) == 1);
        CHECK(journal.bytes() == 0);
        // An empty segment needs no successor.
        journal.maintain(true);
        CHECK(segment_count(dir.data()) == 1);
    }

    TEST_CASE("Journal: leaves what was not committed, and nothing else, when it ends") {
        const TempDir dir;
        const SystemClock clock;
        const auto record = sample_call();
        {
            Journal journal({.directory = dir.data()}, clock);
            journal.append(line_of(sample_call()))->mark_committed();
            journal.append(line_of(record));
        }
        REQUIRE(segment_count(dir.data()) == 1);
        { const Journal idle({.directory = dir.path() + "/other"}, clock); }
        CHECK(segment_count(dir.path() + "/other") == 0);
    }

    TEST_CASE("Journal: files are private; a big segment gets a successor; a deleted one is replaced") {
        const TempDir dir;
        const SystemClock clock;
        Journal journal({.directory = dir.data(), .segment_bytes_max = 100}, clock);
        const auto first = journal.append(line_of(sample_call()));
        struct stat info {};
        REQUIRE(::stat(list_segments(dir.data())[0].c_str(), &info) == 0);
        CHECK((info.st_mode & 0777U) == 0600);
        REQUIRE(::stat(dir.data().c_str(), &info) == 0);
        CHECK((info.st_mode & 0777U) == 0700);
        journal.maintain(false);
        const auto second = journal.append(line_of(sample_call()));
        CHECK(first != second);
        std::filesystem::remove_all(dir.data());
        journal.maintain(false);
        const auto third = journal.append(line_of(sample_call()));
        REQUIRE(third);
        CHECK(third->is_linked());
    }

    TEST_CASE("Journal: says when it is full and when it fails, and recovers") {
        const TempDir dir;
        const SystemClock clock;
        SUBCASE("full") {
            const auto line = line_of(sample_call());
            Journal journal({.directory = dir.data(), .bytes_max = static_cast<std::int64_t>(line.size())}, clock);
            auto held = journal.append(line);
            REQUIRE(held);
            CHECK_FALSE(journal.append(line));
            CHECK(journal.state() == JournalState::full);
            held->mark_committed();
            held.reset();
            journal.maintain(true);
            CHECK(journal.append(line));
            CHECK(journal.state() == JournalState::ok);
        }
        SUBCASE("no directory can be made") {
            std::ofstream(dir.data()) << "in the way";
            Journal journal({.directory = dir.data()}, clock);
            CHECK_FALSE(journal.append("x\n"));
            CHECK(journal.state() == JournalState::failing);
            CHECK(journal.error().find(dir.data()) != std::string::npos);
            std::filesystem::remove(dir.data());
            journal.maintain(false);
            CHECK(journal.append("x\n"));
            CHECK(journal.state() == JournalState::ok);
        }
    }

    TEST_CASE("drain_journal: an orphan is added once and removed; a live segment is left alone") {
        const TempDir dir;
        const SystemClock clock;
        Journal live({.directory = journal_path(dir.data())}, clock);
        const auto held = live.append(line_of(sample_call("live")));
        const auto record = sample_call("orphan");
        write_orphan(dir.data(), line_of(record));
        const auto drained = drain_journal(dir.data());
        REQUIRE(drained.has_value());
        CHECK(drained->calls == 1);
        CHECK(segment_count(journal_path(dir.data())) == 1);
        // The same record in a second file, as after a crash between commit and removal.
        write_orphan(dir.data(), line_of(record));
        CHECK(drain_journal(dir.data())->calls == 0);
        CHECK(segment_count(journal_path(dir.data())) == 1);
        CHECK(call_count(dir.data()) == 1);
        CHECK(query_integer(dir.data(), "SELECT count(*) FROM attempts") == 1);
    }

    TEST_CASE("drain_journal: torn lines are skipped, the whole ones kept") {
        const TempDir dir;
        const auto line = line_of(sample_call());
        const auto torn = line.substr(0, line.size() / 2);
        write_orphan(dir.data(),
                     line_of(sample_call()) + torn + line_of(sample_call()) + line_of(sample_call()) + torn);
        const auto drained = drain_journal(dir.data());
        REQUIRE(drained.has_value());
        CHECK(drained->calls == 3);
        CHECK(drained->unreadable == 1);
        CHECK(call_count(dir.data()) == 3);
        CHECK(segment_count(journal_path(dir.data())) == 0);
    }

    TEST_CASE("drain_journal: more lines than one transaction takes") {
        const TempDir dir;
        std::string text;
        for (int i = 0; i < 1201; ++i) {
            text += line_of(sample_call());
        }
        write_orphan(dir.data(), text);
        CHECK(drain_journal(dir.data())->calls == 1201);
        CHECK(call_count(dir.data()) == 1201);
    }

    TEST_CASE("drain_journal: a newer llmgw's segment stays; an empty one goes without making a database") {
        const TempDir dir;
        write_orphan(dir.data(), "");
        REQUIRE(drain_journal(dir.data()).has_value());
        CHECK(segment_count(journal_path(dir.data())) == 0);
        CHECK_FALSE(std::filesystem::exists(database_path(dir.data())));
        write_orphan(dir.data(), R"({"v":2,"call":{"call_id":"x"}})"
                                 "\n" +
                                     line_of(sample_call()));
        for (int i = 0; i < 2; ++i) {
            CHECK(drain_journal(dir.data())->newer == 1);
            CHECK(segment_count(journal_path(dir.data())) == 1);
            CHECK(call_count(dir.data()) == 1);
        }
    }

    TEST_CASE("drain_journal: no directory is no error; a database that cannot be written leaves the journal") {
        const TempDir dir;
        CHECK(drain_journal(dir.data())->calls == 0);
        write_orphan(dir.data(), line_of(sample_call()));
        REQUIRE(write_private_file(database_path(dir.data()), std::string(5000, 'x')).has_value());
        CHECK_FALSE(drain_journal(dir.data()).has_value());
        CHECK(segment_count(journal_path(dir.data())) == 1);
    }
}
