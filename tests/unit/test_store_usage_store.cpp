#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/store/migrations.hpp"
#include "core/store/usage_store.hpp"
#include "core/usage/row_fields.hpp"
#include "core/util/file.hpp"
#include "usage_fixture.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

// A row's fields as the database should give them back, in order; "NULL" for unknown.
struct Expected {
    std::vector<std::string> names;
    std::vector<std::string> values;
    void add(const char* name, std::string value) {
        names.emplace_back(name);
        values.push_back(std::move(value));
    }
    void operator()(const char* name, const std::string& field) { add(name, field); }
    void operator()(const char* name, std::int64_t field) { add(name, std::to_string(field)); }
    void operator()(const char* name, int field) { add(name, std::to_string(field)); }
    void operator()(const char* name, bool field) { add(name, field ? "1" : "0"); }
    void operator()(const char* name, const std::optional<std::int64_t>& field) {
        add(name, field ? std::to_string(*field) : "NULL");
    }
    void operator()(const char* name, Ending field) { add(name, to_string(field)); }
    void operator()(const char* name, CostBasis field) { add(name, to_string(field)); }
    void operator()(const char* name, const std::vector<UsageIteration>&) {
        add(name, R"([{"model":"m","input_tokens":3}])");
    }
};

struct Fill {
    int next = 1;
    void operator()(const char* name, std::string& field) { field = std::string(name) + std::to_string(next++); }
    void operator()(const char*, std::int64_t& field) { field = 5'000'000'000 + next++; }
    void operator()(const char*, int& field) { field = next++; }
    // Every other one stays unknown.
    void operator()(const char*, std::optional<std::int64_t>& field) {
        if (++next % 2 == 0) { field = next; }
    }
    void operator()(const char*, bool& field) { field = true; }
    void operator()(const char*, Ending& field) { field = Ending::truncated; }
    void operator()(const char*, CostBasis& field) { field = CostBasis::estimated; }
    void operator()(const char*, std::vector<UsageIteration>& field) {
        field.emplace_back().model = "m";
        field[0].counts.input = 3;
    }
};

// The columns after the first `skip` ones, which must be those of `expected`.
void check_row(Database& database, const char* sql, int skip, const Expected& expected) {
    auto statement = database.prepare(sql);
    REQUIRE(statement.has_value());
    REQUIRE(statement->step() == Statement::Step::row);
    REQUIRE(statement->columns() == skip + static_cast<int>(expected.names.size()));
    for (std::size_t i = 0; i < expected.names.size(); ++i) {
        const int column = skip + static_cast<int>(i);
        CHECK(statement->column_name(column) == expected.names[i]);
        const auto value = statement->is_null(column) ? "NULL" : std::string(statement->text(column));
        CHECK_MESSAGE(value == expected.values[i], expected.names[i]);
    }
}

int insert_one(UsageStore& store, const CallRecord& record) {
    const CallRecord* pointers[] = {&record};
    const auto inserted = store.insert(pointers);
    REQUIRE_MESSAGE(inserted.has_value(), inserted.error().message);
    return *inserted;
}

UsageStore open_store(const std::string& path) {
    auto store = UsageStore::open(path, 1000);
    REQUIRE_MESSAGE(store.has_value(), store.error().message);
    return std::move(*store);
}

unsigned mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777U;
}

Database open_raw(const std::string& path) {
    if (!read_file(path, 1 << 30)) { REQUIRE(write_private_file(path, "").has_value()); }
    auto database = Database::open(path, Database::Mode::read_write, 1000);
    REQUIRE(database.has_value());
    return std::move(*database);
}

}  // namespace

TEST_SUITE("store_usage_store") {
    TEST_CASE("UsageStore: every field of a call and its attempts has its column, in order") {
        const TempDir dir;
        const auto path = dir.path() + "/usage.db";
        CallRecord record;
        Fill fill;
        each_call_field(record.call, fill);
        each_attempt_field(record.attempts.emplace_back(), fill);
        auto store = open_store(path);
        CHECK(insert_one(store, record) == 1);

        auto database = open_raw(path);
        Expected call;
        each_call_field(std::as_const(record.call), call);
        call("failed_attempts", 0);
        check_row(database, "SELECT * FROM calls", 1, call);
        Expected attempt;
        each_attempt_field(std::as_const(record.attempts[0]), attempt);
        check_row(database, "SELECT * FROM attempts", 2, attempt);
        CHECK(database.integer("SELECT count(*) FROM attempts JOIN calls USING (call_id)") == 1);
    }

    TEST_CASE("UsageStore: the same call again changes nothing") {
        const TempDir dir;
        auto store = open_store(dir.path() + "/usage.db");
        auto record = sample_call();
        CHECK(insert_one(store, record) == 1);
        record.call.feature = "changed";
        record.attempts.emplace_back().number = 2;
        CHECK(insert_one(store, record) == 0);
        auto database = open_raw(dir.path() + "/usage.db");
        CHECK(database.integer("SELECT count(*) FROM calls WHERE feature = 'search'") == 1);
        CHECK(database.integer("SELECT count(*) FROM attempts") == 1);
    }

    TEST_CASE("UsageStore: NULL cost means billed at an unknown price, and nothing else") {
        CallRow row;
        row.ending = Ending::done;
        row.cost.basis = CostBasis::reported;
        CHECK_FALSE(stored_cost_nano(row, false).has_value());
        row.cost.basis = CostBasis::none;  // answered, but nobody said what was used
        CHECK_FALSE(stored_cost_nano(row, false).has_value());
        CHECK(stored_cost_nano(row, true) == 0);
        row.ending = Ending::refused;
        CHECK(stored_cost_nano(row, false) == 0);
        row.usage.counts.output = 5;  // failed after tokens were made
        CHECK_FALSE(stored_cost_nano(row, false).has_value());
        row.cost.nano = 17;
        CHECK(stored_cost_nano(row, true) == 17);
        CHECK(is_free_operation("models"));
        CHECK(is_free_operation("count_tokens"));
        CHECK_FALSE(is_free_operation("messages"));
    }

    TEST_CASE("UsageStore: the files are private and in WAL mode, also made from an empty file") {
        const TempDir dir;
        const auto path = dir.path() + "/usage.db";
        SUBCASE("no file") {}
        SUBCASE("an empty file") {
            REQUIRE(write_private_file(path, "").has_value());
        }
        auto store = open_store(path);
        insert_one(store, sample_call());
        CHECK(mode_of(path) == 0600);
        CHECK(mode_of(path + "-wal") == 0600);
        CHECK(mode_of(path + "-shm") == 0600);
        auto database = open_raw(path);
        CHECK(database.integer("PRAGMA user_version") == schema_version());
    }

    TEST_CASE("UsageStore: a database that is not ours, or newer, is refused and left as it is") {
        const TempDir dir;
        const auto path = dir.path() + "/usage.db";
        const char* expected = "";
        SUBCASE("newer") {
            REQUIRE(open_raw(path).execute("CREATE TABLE calls (x); PRAGMA user_version = 99").has_value());
            expected = "newer llmgw";
        }
        SUBCASE("another program's") {
            REQUIRE(open_raw(path).execute("CREATE TABLE notes (x)").has_value());
            expected = "some other database";
        }
        SUBCASE("no database") {
            REQUIRE(write_private_file(path, std::string(5000, 'x')).has_value());
            expected = "not a database";
        }
        const auto before = read_file(path, 1 << 20);
        const auto store = UsageStore::open(path, 10);
        REQUIRE_FALSE(store.has_value());
        CHECK_MESSAGE(store.error().message.find(expected) != std::string::npos, store.error().message);
        CHECK_FALSE(open_usage_reader(path).has_value());
        CHECK(*read_file(path, 1 << 20) == *before);
        CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    }

    TEST_CASE("UsageStore: helper files of a deleted database do not get into the new one") {
        const TempDir dir;
        const auto path = dir.path() + "/usage.db";
        auto old_store = open_store(path);
        insert_one(old_store, sample_call("old"));
        std::filesystem::remove(path);
        CHECK_FALSE(old_store.file_is_current());
        auto new_store = open_store(path);
        CHECK(new_store.file_is_current());
        insert_one(new_store, sample_call("new"));
        auto database = open_raw(path);
        CHECK(database.integer("SELECT count(*) FROM calls WHERE feature = 'new'") == 1);
        CHECK(database.integer("SELECT count(*) FROM calls") == 1);
    }

    TEST_CASE("UsageStore: a reader sees committed rows while a writer is in a transaction") {
        const TempDir dir;
        const auto path = dir.path() + "/usage.db";
        auto store = open_store(path);
        insert_one(store, sample_call());
        auto writer = open_raw(path);
        REQUIRE(writer.execute("BEGIN EXCLUSIVE; DELETE FROM calls").has_value());
        auto reader = open_usage_reader(path);
        REQUIRE(reader.has_value());
        CHECK(reader->integer("SELECT count(*) FROM calls") == 1);
    }

    TEST_CASE("open_usage_reader: no file is not_found; an empty one becomes an empty log") {
        const TempDir dir;
        const auto path = dir.path() + "/usage.db";
        const auto missing = open_usage_reader(path);
        REQUIRE_FALSE(missing.has_value());
        CHECK(missing.error().kind == ErrorKind::not_found);
        REQUIRE(write_private_file(path, "").has_value());
        auto reader = open_usage_reader(path);
        REQUIRE(reader.has_value());
        CHECK(reader->integer("SELECT count(*) FROM calls") == 0);
    }

    TEST_CASE("UsageStore: a log that may only be read is read, helper files or none") {
        const TempDir dir;
        const auto path = database_path(dir.data());
        REQUIRE(ensure_private_dir(dir.data()).has_value());
        const auto record = sample_call();
        {
            auto store = UsageStore::open(path, 1000);
            REQUIRE(store.has_value());
            const CallRecord* const records[] = {&record};
            REQUIRE(store->insert(records).has_value());
        }
        REQUIRE_FALSE(std::filesystem::exists(path + "-wal"));
        const auto odd = dir.data() + "/log ?#%41.db";
        std::filesystem::copy_file(path, odd);
        for (const auto& file : {path, odd}) {
            ::chmod(file.c_str(), 0444);
        }
        ::chmod(dir.path().c_str(), 0755);
        ::chmod(dir.data().c_str(), 0555);
        {
            const Unprivileged nobody;
            for (const auto& file : {path, odd}) {
                CAPTURE(file);
                auto reader = open_usage_reader(file);
                REQUIRE(reader.has_value());
                CHECK(reader->integer("SELECT count(*) FROM calls") == 1);
            }
        }
        ::chmod(dir.data().c_str(), 0755);
        // What a writer has not moved into the file yet is seen, too.
        auto store = UsageStore::open(path, 1000);
        if (!store) {
            ::chmod(path.c_str(), 0644);
            store = UsageStore::open(path, 1000);
        }
        REQUIRE(store.has_value());
        const auto another = sample_call();
        const CallRecord* const records[] = {&another};
        REQUIRE(store->insert(records).has_value());
        for (const char* suffix : {"", "-wal", "-shm"}) {
            ::chmod((path + suffix).c_str(), 0644);
        }
        ::chmod(dir.data().c_str(), 0555);
        {
            const Unprivileged nobody;
            auto reader = open_usage_reader(path);
            REQUIRE(reader.has_value());
            CHECK(reader->integer("SELECT count(*) FROM calls") == 2);
        }
        ::chmod(dir.data().c_str(), 0755);
    }
}
