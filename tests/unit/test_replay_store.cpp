#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "cli/demo/temporary_directory.hpp"
#include "core/replay/replay_store.hpp"
#include "core/util/id.hpp"

using namespace llmgw;

namespace {

const ReplayLimits limits{{.memory_bytes = 100, .bytes_max = 1 << 20, .disk_bytes = 10'000}, std::chrono::seconds(60)};

std::size_t files_in(const std::string& directory) {
    std::error_code none;
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory, none)) {
        ++count;
    }
    return count;
}

// Files carry the system's time, so the store's clock has to agree with it.
struct Fixture {
    TemporaryDirectory parent;
    std::string directory = parent.path() + "/streams";
    FakeClock clock{SystemClock().now_ms()};
    ReplayStore store{clock, directory};

    std::string kept(const std::string& owner, const std::string& digest, const std::string& text,
                     bool answered = true) {
        const auto id = make_id(clock);
        const auto taken = store.take(id, owner, digest, limits);
        REQUIRE(taken.mine);
        taken.recording->begin(200, {{"Content-Type", "text/event-stream"}}, std::nullopt);
        taken.recording->write(text);
        store.finish(taken.recording, answered, limits);
        return id;
    }
    std::string text_of(const std::string& id, const std::string& owner = "ann") {
        const auto found = store.find(id, owner, limits);
        if (!found) { return "none"; }
        std::string text(1000, '\0');
        text.resize(found->read(0, text.data(), text.size()));
        return text;
    }
};

}  // namespace

TEST_SUITE_BEGIN("replay");

TEST_CASE("Only its owner finds a reply, while it runs and after") {
    Fixture at;
    const auto id = make_id(at.clock);
    const auto taken = at.store.take(id, "ann", "", limits);
    REQUIRE(taken.mine);
    CHECK(at.store.find(id, "ann", limits) == taken.recording);
    CHECK(at.store.find(id, "bob", limits) == nullptr);
    CHECK(at.store.find(id, "", limits) == nullptr);
    taken.recording->begin(200, {}, std::nullopt);
    taken.recording->write("text");
    at.store.finish(taken.recording, true, limits);
    CHECK(taken.recording->state() == Recording::State::whole);
    CHECK(at.text_of(id) == "text");
    CHECK(at.text_of(id, "bob") == "none");
    CHECK(at.text_of("../../etc/passwd") == "none");
    CHECK(at.text_of(std::string(36, '.')) == "none");
    CHECK(at.text_of(make_id(at.clock)) == "none");
}

TEST_CASE("A new process finds what an earlier one, or another one, has kept") {
    Fixture at;
    const auto id = at.kept("ann", "d1", "text");
    const auto plain = at.kept("ann", "", "plain");
    ReplayStore next(at.clock, at.directory);
    CHECK(next.find(id, "ann", limits) != nullptr);
    CHECK(next.find(plain, "ann", limits) != nullptr);
    CHECK(next.find(id, "bob", limits) == nullptr);
    const auto shared = next.take(make_id(at.clock), "ann", "d1", limits);
    CHECK_FALSE(shared.mine);
    CHECK(shared.recording->id() == id);
    // It does not look at once for what others made meanwhile.
    at.clock.advance_ms(2000);
    const auto later = at.kept("ann", "", "later");
    CHECK(next.find(later, "ann", limits) != nullptr);
    // Somebody cleaned up by hand.
    std::filesystem::remove_all(at.directory);
    CHECK(next.find(id, "ann", limits) == nullptr);
    CHECK(next.take(make_id(at.clock), "ann", "d1", limits).mine);
}

TEST_CASE("The same digest shares one reply, unless that went wrong") {
    Fixture at;
    const auto first = at.store.take(make_id(at.clock), "ann", "d", limits);
    REQUIRE(first.mine);
    const auto second = at.store.take(make_id(at.clock), "ann", "d", limits);
    CHECK_FALSE(second.mine);
    CHECK(second.recording == first.recording);
    CHECK(at.store.take(make_id(at.clock), "ann", "e", limits).mine);
    CHECK(at.store.take(make_id(at.clock), "ann", "", limits).mine);
    CHECK(at.store.take(make_id(at.clock), "ann", "", limits).mine);

    at.store.drop(first.recording);
    CHECK(first.recording->state() == Recording::State::dropped);
    const auto third = at.store.take(make_id(at.clock), "ann", "d", limits);
    REQUIRE(third.mine);
    third.recording->begin(200, {}, std::nullopt);
    at.store.finish(third.recording, false, limits);
    CHECK(at.store.find(third.recording->id(), "ann", limits) != nullptr);
    const auto fourth = at.store.take(make_id(at.clock), "ann", "d", limits);
    REQUIRE(fourth.mine);
    fourth.recording->begin(200, {}, std::nullopt);
    at.store.drop(fourth.recording);
    CHECK(fourth.recording->state() == Recording::State::cut);
    CHECK(at.store.find(fourth.recording->id(), "ann", limits) == nullptr);
}

TEST_CASE("What is too old goes, and the oldest when there is no room") {
    Fixture at;
    const auto first = at.kept("ann", "d1", std::string(4000, '1'));
    at.clock.advance_ms(1000);
    const auto second = at.kept("ann", "d2", std::string(4000, '2'));
    at.clock.advance_ms(1000);
    CHECK(files_in(at.directory) == 2);
    const auto third = at.kept("ann", "d3", std::string(4000, '3'));
    CHECK(files_in(at.directory) == 2);
    CHECK(at.store.find(first, "ann", limits) == nullptr);
    CHECK(at.store.find(second, "ann", limits) != nullptr);
    at.clock.advance_ms(59'500);
    CHECK(at.store.find(second, "ann", limits) == nullptr);
    CHECK(at.store.find(third, "ann", limits) != nullptr);
    CHECK(at.store.take(make_id(at.clock), "ann", "d2", limits).mine);
    at.clock.advance_ms(60'000);
    at.store.clean_up(limits);
    CHECK(files_in(at.directory) == 0);
    CHECK(at.store.find(third, "ann", limits) == nullptr);
}

TEST_CASE("What an ended process left half written is removed in time, and nothing else is touched") {
    Fixture at;
    at.kept("ann", "", "text");
    const auto name = at.directory + "/" + make_id(at.clock);
    std::ofstream(name + ".part") << "{";
    std::ofstream(at.directory + "/notes.txt") << "mine";
    std::ofstream(name + ".9.reply") << "no head";
    const auto running = at.store.take(make_id(at.clock), "ann", "", limits);
    running.recording->begin(200, {}, std::nullopt);
    running.recording->write(std::string(1000, 'x'));
    const ReplayStore young(at.clock, at.directory);
    CHECK(files_in(at.directory) == 5);
    at.clock.advance_ms(3LL * 24 * 3600 * 1000);
    ReplayStore old(at.clock, at.directory);
    // Not the one whose process still writes it.
    CHECK(files_in(at.directory) == 4);
    old.clean_up(limits);
    CHECK(files_in(at.directory) == 2);
    CHECK(running.recording->from_start());
    at.store.finish(running.recording, true, limits);
    CHECK(at.text_of(running.recording->id()).size() == 1000);
}

TEST_CASE("A file that is shorter than it was is nobody's answer") {
    Fixture at;
    const auto id = at.kept("ann", "d", std::string(500, 'x'));
    for (const auto& entry : std::filesystem::directory_iterator(at.directory)) {
        std::filesystem::resize_file(entry.path(), entry.file_size() - 1);
    }
    CHECK(at.store.find(id, "ann", limits) == nullptr);
    CHECK(at.store.take(make_id(at.clock), "ann", "d", limits).mine);
    CHECK(files_in(at.directory) == 0);
}

TEST_CASE("Without a directory replies are kept in memory") {
    FakeClock clock;
    ReplayStore store(clock, "/proc/nothing/streams");
    const auto id = make_id(clock);
    const auto taken = store.take(id, "ann", "d", limits);
    taken.recording->begin(200, {}, std::nullopt);
    taken.recording->write("text");
    store.finish(taken.recording, true, limits);
    CHECK(store.find(id, "ann", limits) == taken.recording);
    CHECK_FALSE(store.take(make_id(clock), "ann", "d", limits).mine);
    clock.advance_ms(61'000);
    CHECK(store.find(id, "ann", limits) == nullptr);
}
