#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/demo/temporary_directory.hpp"
#include "core/replay/event_offset.hpp"
#include "core/replay/recording.hpp"
#include "core/util/file.hpp"

using namespace llmgw;

namespace {

using State = Recording::State;

const std::string an_id = "01890000-0000-7000-8000-000000000001";

FakeClock test_clock;
BytesOnDisk on_disk = 0;

std::shared_ptr<Recording> recording_at(const std::string& path, RecordingLimits limits = {},
                                        const std::string& owner = "") {
    return std::make_shared<Recording>(test_clock, on_disk, an_id, path, owner, limits);
}

std::unique_ptr<Recording::Reader> reader_at(const std::shared_ptr<Recording>& recording, std::uint64_t offset) {
    auto reader = Recording::Reader::at(recording, offset);
    return reader ? std::move(*reader) : nullptr;
}

std::string read_all_of(const Recording& recording, std::size_t piece = 7) {
    std::string all;
    std::vector<char> into(piece);
    for (;;) {
        const auto n = recording.read(all.size(), into.data(), into.size());
        if (n == 0) { return all; }
        all.append(into.data(), n);
    }
}

bool readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
}

std::string next_of(Recording::Reader& reader, State& state, std::size_t size = 1000) {
    std::string text(size, '\0');
    text.resize(reader.next(text.data(), size, state));
    return text;
}

}  // namespace

TEST_SUITE_BEGIN("replay");

TEST_CASE("What was written is read from any place, in memory and in the file") {
    for (const std::size_t memory : {1U, 5U, 64U, 100'000U}) {
        CAPTURE(memory);
        TemporaryDirectory directory;
        const auto recording = recording_at(directory.path() + "/one", {.memory_bytes = memory}, "owner");
        recording->begin(200, {{"Content-Type", "text/event-stream"}}, std::nullopt);
        std::string whole;
        for (int i = 0; i < 300; ++i) {
            const auto piece = std::to_string(i) + "\n";
            CHECK(recording->write(piece));
            CHECK(recording->flush());
            whole += piece;
            std::string last(piece.size(), '\0');
            CHECK(recording->read(whole.size() - piece.size(), last.data(), last.size()) == piece.size());
            CHECK(last == piece);
        }
        for (const std::size_t piece : {1U, 13U, 5000U}) {
            CHECK(read_all_of(*recording, piece) == whole);
        }
        char none = 0;
        CHECK(recording->read(whole.size(), &none, 1) == 0);
        CHECK(recording->read(whole.size() + 10, &none, 1) == 0);
        const bool in_file = std::filesystem::exists(directory.path() + "/one.part");
        CHECK(in_file == (memory < whole.size()));

        CHECK(recording->save(directory.path() + "/done") == true);
        CHECK(read_all_of(*recording) == whole);
        CHECK_FALSE(ReplayFile::open(directory.path() + "/done", whole.size() + 1));
        auto file = ReplayFile::open(directory.path() + "/done", whole.size());
        REQUIRE(file);
        const Recording again(an_id, std::move(*file));
        CHECK(again.owner() == "owner");
        CHECK(again.state() == State::whole);
        CHECK(again.head().headers == recording->head().headers);
        CHECK(again.bytes() == whole.size());
        CHECK(read_all_of(again) == whole);
        struct stat info {};
        REQUIRE(::stat((directory.path() + "/done").c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0600);
    }
}

TEST_CASE("One that did not become whole leaves no file") {
    TemporaryDirectory directory;
    {
        const auto recording = recording_at(directory.path() + "/one", {.memory_bytes = 1});
        recording->begin(200, {}, std::nullopt);
        recording->write("something");
        CHECK(std::filesystem::exists(directory.path() + "/one.part"));
        CHECK(on_disk == 9);
    }
    CHECK(on_disk == 0);
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("A reader is woken by what is new, and by the end") {
    const auto recording = recording_at("/nowhere/one");
    auto reader = reader_at(recording, 0);
    REQUIRE(reader);
    auto state = State::whole;
    CHECK_FALSE(readable(reader->fd()));
    CHECK(next_of(*reader, state).empty());
    CHECK(state == State::pending);
    recording->begin(200, {}, 4);
    CHECK(readable(reader->fd()));
    recording->write("ab");
    recording->try_flush();
    CHECK(next_of(*reader, state) == "ab");
    CHECK(state == State::running);
    CHECK_FALSE(readable(reader->fd()));
    recording->write("cd");
    CHECK_FALSE(readable(reader->fd()));
    recording->flush();
    CHECK(readable(reader->fd()));
    recording->end(State::whole);
    CHECK(next_of(*reader, state, 1) == "c");
    CHECK(next_of(*reader, state, 1) == "d");
    CHECK(next_of(*reader, state).empty());
    CHECK(state == State::whole);
}

TEST_CASE("Waiting for the beginning ends with it, without it, and with the one who waits") {
    int pipe_fds[2];
    REQUIRE(::pipe(pipe_fds) == 0);
    const Fd gone(pipe_fds[0]);
    Fd other(pipe_fds[1]);
    const auto recording = recording_at("/nowhere/one");
    other = Fd();
    const auto left = Recording::wait_begun(recording, Watch{gone.get(), -1});
    REQUIRE_FALSE(left);
    CHECK(left.error().kind == ErrorKind::cancelled);
    std::thread maker([&] { recording->begin(200, {}, std::nullopt); });
    CHECK(Recording::wait_begun(recording, Watch{}) == State::running);
    maker.join();
    const auto never = recording_at("/nowhere/two");
    never->end(State::dropped);
    CHECK(Recording::wait_begun(never, Watch{}) == State::dropped);
}

TEST_CASE("One that cannot be written to a file stays in memory when it fits, and is passed on when it does not") {
    const auto small = recording_at("/nowhere/one", {.memory_bytes = 100});
    small->begin(200, {}, std::nullopt);
    small->write("small");
    CHECK_FALSE(*small->save("/nowhere/done"));
    CHECK(small->from_start());
    CHECK(read_all_of(*small) == "small");

    const auto large = recording_at("/nowhere/two", {.memory_bytes = 100, .bytes_max = 100 << 20});
    large->begin(200, {}, std::nullopt);
    auto reader = reader_at(large, 0);
    REQUIRE(reader);
    auto state = State::running;
    const std::string piece(100'000, 'x');
    std::size_t read = 0;
    for (int i = 0; i < 100; ++i) {
        CHECK(large->write(piece));
        CHECK(large->try_flush());
        std::string got;
        while (!(got = next_of(*reader, state, 30'000)).empty()) {
            read += got.size();
        }
    }
    CHECK(read == 100 * piece.size());
    CHECK_FALSE(large->from_start());
    CHECK(reader_at(large, 0) == nullptr);
    CHECK_FALSE(*large->save("/nowhere/done"));
    // It waits for its readers, and for nobody.
    for (int i = 0; i < 20; ++i) {
        large->write(piece);
    }
    CHECK_FALSE(large->try_flush());
    std::thread slow([&] {
        while (next_of(*reader, state, 1 << 20).size() > 0) {}
    });
    CHECK(large->flush());
    slow.join();
    reader.reset();
    CHECK_FALSE(large->flush());
}

TEST_CASE("One that nobody reads is made to its end, but not for ever") {
    const auto recording = recording_at("/nowhere/one", {.alone_max = std::chrono::seconds(10)});
    recording->begin(200, {}, std::nullopt);
    CHECK(recording->flush());
    test_clock.advance_ms(9'000);
    CHECK(recording->try_flush());
    auto reader = reader_at(recording, 0);
    test_clock.advance_ms(60'000);
    CHECK(recording->try_flush());
    reader.reset();
    test_clock.advance_ms(9'000);
    CHECK(recording->flush());
    test_clock.advance_ms(2'000);
    CHECK_FALSE(recording->try_flush());
    CHECK_FALSE(recording->flush());
}

TEST_CASE("Those that are being made have a limit together") {
    TemporaryDirectory directory;
    const RecordingLimits limits{.memory_bytes = 10, .disk_bytes = 250};
    const auto one = recording_at(directory.path() + "/one", limits);
    const auto two = recording_at(directory.path() + "/two", limits);
    const std::string piece(100, 'x');
    for (const auto& recording : {one, two}) {
        recording->begin(200, {}, std::nullopt);
        recording->write(piece);
    }
    CHECK(two->from_start());
    one->write(piece);
    CHECK_FALSE(one->from_start());
    CHECK(two->from_start());
}

TEST_CASE("What lies in front of a hole is not begun with") {
    TemporaryDirectory directory;
    const auto recording = recording_at(directory.path() + "/one", {.memory_bytes = 1000, .bytes_max = 5000});
    recording->begin(200, {}, std::nullopt);
    auto first = reader_at(recording, 0);
    REQUIRE(first);
    auto state = State::running;
    const std::string piece(2000, 'x');
    recording->write(piece);
    // It holds its place, so that what follows the file stays.
    for (int i = 0; i < 400; ++i) {
        recording->write(piece);
    }
    CHECK_FALSE(recording->from_start());
    CHECK(reader_at(recording, 0) != nullptr);
    std::size_t read = 0;
    for (std::string got; !(got = next_of(*first, state, 100'000)).empty();) {
        read += got.size();
    }
    CHECK(read == 401 * piece.size());
    recording->write(piece);
    CHECK(reader_at(recording, 0) == nullptr);
    CHECK(reader_at(recording, 100) == nullptr);
    CHECK(next_of(*first, state) == piece.substr(0, 1000));
}

TEST_CASE("Readers on other threads see every byte once, whatever is spilled meanwhile") {
    TemporaryDirectory directory;
    const auto recording = recording_at(directory.path() + "/one", {.memory_bytes = 50});
    std::string whole;
    for (int i = 0; i < 4000; ++i) {
        whole += std::to_string(i) + ",";
    }
    std::vector<std::string> seen(3);
    std::vector<std::thread> readers;
    for (auto& text : seen) {
        readers.emplace_back([&text, reader = reader_at(recording, 0)] {
            auto state = State::pending;
            for (;;) {
                pollfd one{reader->fd(), POLLIN, 0};
                ::poll(&one, 1, -1);
                std::string got;
                while (!(got = next_of(*reader, state, 64)).empty()) {
                    text += got;
                }
                if (state == State::whole) { return; }
            }
        });
    }
    recording->begin(200, {}, std::nullopt);
    for (std::size_t at = 0; at < whole.size(); at += 11) {
        recording->write(whole.substr(at, 11));
        recording->flush();
    }
    recording->end(State::whole);
    for (auto& reader : readers) {
        reader.join();
    }
    for (const auto& text : seen) {
        CHECK(text == whole);
    }
}

TEST_CASE("Events are counted as clients count them") {
    TemporaryDirectory directory;
    const std::string filler(70'000, 'y');
    const std::vector<std::string> events{"data: one\n\n", ": a comment\n\nevent: two\ndata: 2\n\n",
                                          "data: " + filler + "\r\n\r\n", "event: no-data\n\ndata:\n\n",
                                          "data: last, without its blank line"};
    const auto recording = recording_at(directory.path() + "/one");
    recording->begin(200, {}, std::nullopt);
    std::uint64_t expected = 0;
    CHECK(offset_after(*recording, 0) == 0);
    CHECK_FALSE(offset_after(*recording, 1));
    for (std::size_t i = 0; i < events.size(); ++i) {
        recording->write(events[i]);
        expected += events[i].size();
        CAPTURE(i);
        const bool last = i + 1 == events.size();
        CHECK(offset_after(*recording, i + 1) == (last ? std::nullopt : std::optional(expected)));
        CHECK_FALSE(offset_after(*recording, i + 2));
    }
    recording->end(State::whole);
    CHECK(offset_after(*recording, events.size()) == expected);
    // Wherever the piece that is read ends in the blank line.
    for (std::size_t size = 65'536 - 12; size < 65'536 + 4; ++size) {
        const auto cut = recording_at(directory.path() + "/two");
        cut->begin(200, {}, std::nullopt);
        const auto event = "data: " + std::string(size - 6, 'z') + "\r\n\r\n";
        cut->write(event + "data: 2\r\n\r\n");
        CHECK(offset_after(*cut, 1) == event.size());
    }
}
