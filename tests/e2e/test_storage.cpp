// The log under load and in trouble: rows are not lost, and calls are not held up.
#include <csignal>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("storage");

namespace {

// Clients that call one after the other until told to stop. Remembers every call whose last byte came.
class Load {
public:
    // `calls_max`: of each thread; on a slow machine a load without end makes a log that no report has done with.
    Load(const Gateway& gateway, int threads, int calls_max = std::numeric_limits<int>::max()) : calls_max_(calls_max) {
        for (int i = 0; i < threads; ++i) {
            threads_.emplace_back([this, &gateway, i] { work(gateway, i); });
        }
    }
    ~Load() { stop(); }
    bool wait_calls(std::size_t count) {
        const auto deadline = std::chrono::steady_clock::now() + 2 * patience;
        while (std::chrono::steady_clock::now() < deadline) {
            if (whole().size() >= count) { return true; }
            std::this_thread::sleep_for(Millis{2});
        }
        return false;
    }
    void stop() {
        stopping_ = true;
        for (auto& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }
    std::set<std::string> whole() const {
        const std::lock_guard lock(mutex_);
        return whole_;
    }
    int failed() const { return failed_; }

private:
    const int calls_max_;
    void work(const Gateway& gateway, int number) {
        for (int i = number; !stopping_ && i - number < calls_max_; ++i) {
            const auto& wire = canned::wires()[static_cast<std::size_t>(i) % 4];
            const bool stream = i % 3 == 0;
            const auto response =
                gateway.post(stream ? wire.stream_target : wire.target, stream ? wire.stream_body : wire.body);
            if (response.status == 200 && response.whole) {
                const std::lock_guard lock(mutex_);
                whole_.insert(response.header("x-llmgw-call-id"));
            } else {
                ++failed_;
                // The gateway may have been killed: no use in asking it a million times.
                std::this_thread::sleep_for(Millis{1});
            }
        }
    }

    std::atomic<bool> stopping_ = false;
    std::atomic<int> failed_ = 0;
    mutable std::mutex mutex_;
    std::set<std::string> whole_;
    std::vector<std::thread> threads_;
};

std::set<std::string> logged(const std::string& database) {
    std::set<std::string> ids;
    for (const auto& row : db_query(database, "SELECT call_id FROM calls")) {
        ids.insert(text(row, "call_id"));
    }
    return ids;
}

std::vector<std::string> missing(const std::set<std::string>& wanted, const std::set<std::string>& present) {
    std::vector<std::string> out;
    for (const auto& id : wanted) {
        if (!present.contains(id)) { out.push_back(id); }
    }
    return out;
}

// Waits until every wanted call is in the log.
std::vector<std::string> wait_logged(const std::string& database, const std::set<std::string>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto gone = missing(wanted, logged(database));
    while (!gone.empty() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(Millis{20});
        gone = missing(wanted, logged(database));
    }
    return gone;
}

constexpr int clients = 8;
constexpr std::size_t calls_enough = sanitized ? 60 : 300;

}  // namespace

TEST_CASE("kill -9 under load: every call whose last byte was received is in the log after a restart") {
    World world;
    world.upstream.record(false);
    std::set<std::string> whole;
    for (int round = 0; round < 3; ++round) {
        Load load(world.gateway(), clients);
        REQUIRE(load.wait_calls(calls_enough));
        CHECK(world.stop(SIGKILL) == 128 + SIGKILL);
        load.stop();
        whole.merge(load.whole());
        world.start();
        CHECK(wait_logged(world.home.database(), whole) == std::vector<std::string>{});
    }
    const auto rows = db_query(world.home.database(), "SELECT call_id, count(*) AS n FROM attempts GROUP BY call_id");
    for (const auto& row : rows) {
        CHECK(text(row, "n") == "1");
    }
    CHECK(db_query(world.home.database(), "PRAGMA integrity_check").at(0).at("integrity_check") == "ok");
}

TEST_CASE("kill -9: a report counts what the killed gateway left behind") {
    World world;
    Load load(world.gateway(), clients);
    REQUIRE(load.wait_calls(calls_enough / 2));
    CHECK(world.stop(SIGKILL).has_value());
    load.stop();
    const auto report = world.cli({"usage", "--by", "feature", "--json"});
    REQUIRE(report.exit == 0);
    const auto rows = nlohmann::json::parse(report.out).at("rows");
    REQUIRE(rows.size() == 1);
    // Calls whose answer was cut by the kill may be counted besides.
    CHECK(rows[0].at("calls").get<std::size_t>() >= load.whole().size());
    CHECK(missing(load.whole(), logged(world.home.database())) == std::vector<std::string>{});
}

TEST_CASE("Two gateways on one data directory: one key, one log, nothing lost") {
    World world;
    world.upstream.record(false);
    const auto second = world.another();
    CHECK(second->client_key() == world.gateway().client_key());
    std::set<std::string> whole;
    {
        Load one(world.gateway(), clients / 2);
        Load two(*second, clients / 2);
        CHECK(one.wait_calls(calls_enough / 2));
        CHECK(two.wait_calls(calls_enough / 2));
        one.stop();
        two.stop();
        CHECK(one.failed() + two.failed() == 0);
        whole.merge(one.whole());
        whole.merge(two.whole());
    }
    CHECK(wait_logged(world.home.database(), whole) == std::vector<std::string>{});
    // One is killed; the other goes on, and what the dead one left is found all the same.
    second->process().signal(SIGKILL);
    second->process().wait();
    CHECK(world.ask(canned::wires()[0]).status == 200);
}

TEST_CASE("T22: a locked database holds up no call, and its rows come later") {
    World world;
    world.upstream.record(false);
    const auto first = world.ask(canned::wires()[0]);
    CHECK_FALSE(world.gateway().call_row(first).empty());
    sqlite3* db = nullptr;
    REQUIRE(::sqlite3_open(world.home.database().c_str(), &db) == SQLITE_OK);
    ::sqlite3_busy_timeout(db, 10'000);
    REQUIRE(::sqlite3_exec(db, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
    std::set<std::string> whole;
    {
        Load load(world.gateway(), clients);
        CHECK(load.wait_calls(calls_enough));
        load.stop();
        CHECK(load.failed() == 0);
        whole = load.whole();
    }
    REQUIRE(::sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
    ::sqlite3_close(db);
    CHECK(wait_logged(world.home.database(), whole) == std::vector<std::string>{});
}

TEST_CASE("T22: a full disk holds up no call, and its rows come when there is room") {
    World world;
    world.upstream.record(false);
    const auto first = world.ask(canned::wires()[0]);
    CHECK_FALSE(world.gateway().call_row(first).empty());
    // No file of the gateway's may grow: what a write meets on a full disk, with another error number.
    const int pid = world.gateway().process().pid();
    rlimit before{};
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, nullptr, &before) == 0);
    auto limited = before;
    limited.rlim_cur = 4096;
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, &limited, nullptr) == 0);
    std::set<std::string> whole;
    {
        Load load(world.gateway(), clients);
        CHECK(load.wait_calls(calls_enough));
        load.stop();
        CHECK(load.failed() == 0);
        whole = load.whole();
    }
    CHECK(wait_logged(world.home.database(), {first.header("x-llmgw-call-id")}).empty());
    CHECK(logged(world.home.database()).size() < whole.size());
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, &before, nullptr) == 0);
    CHECK(wait_logged(world.home.database(), whole) == std::vector<std::string>{});
}

TEST_CASE("T22: a database deleted under load is made again, and later calls are in it") {
    World world;
    world.upstream.record(false);
    Load load(world.gateway(), clients);
    CHECK(load.wait_calls(calls_enough / 3));
    for (const char* part : {"", "-wal", "-shm"}) {
        std::filesystem::remove(world.home.database() + part);
    }
    CHECK(load.wait_calls(calls_enough));
    load.stop();
    CHECK(load.failed() == 0);
    // From here on nothing may be lost.
    std::set<std::string> later;
    for (const auto& wire : canned::wires()) {
        later.insert(world.ask(wire).header("x-llmgw-call-id"));
    }
    CHECK(wait_logged(world.home.database(), later) == std::vector<std::string>{});
}

TEST_CASE("T22: a damaged database is no reason to stop forwarding") {
    World world;
    const auto first = world.ask(canned::wires()[0]);
    CHECK_FALSE(world.gateway().call_row(first).empty());
    CHECK(world.stop(SIGKILL).has_value());
    for (const char* part : {"-wal", "-shm"}) {
        std::filesystem::remove(world.home.database() + part);
    }
    {
        std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(world.home.database().c_str(), "r+b"),
                                                             &std::fclose);
        REQUIRE(file != nullptr);
        const std::string rubbish(4096, 'Z');
        std::fwrite(rubbish.data(), 1, rubbish.size(), file.get());
    }
    world.start();
    CHECK(world.ask(canned::wires()[0]).status == 200);
    CHECK(world.ask(canned::wires()[1], true).status == 200);
}

TEST_CASE("T22: a read-only data directory is no reason to stop forwarding") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    const auto data = world.home.data_dir();
    std::vector<std::string> wrapper;
    std::unique_ptr<Gateway> gateway;
    {
        // The key and the database are made first.
        Gateway once(world.home, {.config = world.config(), .environment = {}, .wrapper = {}});
        CHECK_FALSE(once.call_row(once.post("/v1/messages", canned::wires()[0].body)).empty());
        once.process().signal(SIGTERM);
        CHECK(once.process().wait() == 0);
    }
    // Root may write anywhere; a read-only mount stops it too, where one may be made.
    const bool root = ::geteuid() == 0;
    if (root) {
        const std::string script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
        ChildProcess probe({"unshare", "-m", "sh", "-c", script, data, "true"}, world.home.environment());
        if (probe.wait() != 0) {
            MESSAGE("cannot make a read-only mount here: not checked");
            return;
        }
        wrapper = {"unshare", "-m", "sh", "-c", script, data};
    } else {
        std::filesystem::permissions(data, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    }
    try {
        gateway = std::make_unique<Gateway>(
            world.home, GatewayOptions{.config = world.config(), .environment = {}, .wrapper = wrapper});
    } catch (const std::exception& error) { FAIL(error.what()); }
    for (const auto& wire : canned::wires()) {
        CHECK(gateway->post(wire.stream_target, wire.stream_body).status == 200);
    }
    CHECK(gateway->process().running());
}

TEST_CASE("T22: reports can be made while calls are written") {
    World world;
    world.upstream.record(false);
    Load load(world.gateway(), clients, 500);
    for (int i = 0; i < 5; ++i) {
        const auto report = world.cli({"usage", "--json"});
        CHECK(report.exit == 0);
        CHECK(report.err.find("locked") == std::string::npos);
        CHECK(nlohmann::json::accept(report.out));
    }
    load.stop();
    CHECK(load.failed() == 0);
}

TEST_SUITE_END();
