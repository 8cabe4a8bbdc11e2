#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ask/conversations.hpp"
#include "core/util/clock.hpp"
#include "core/util/id.hpp"

using namespace llmgw;

namespace {

namespace fs = std::filesystem;

struct Directory {
    Directory() {
        std::string name = (fs::temp_directory_path() / "llmgw-unit-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~Directory() { fs::remove_all(path); }
    std::string path;
    Conversations kept() const { return Conversations(path + "/conversations"); }
    std::string file(const std::string& id) const { return path + "/conversations/" + id + ".jsonl"; }
};

AskExchange exchange(const std::string& words, const std::string& answer) {
    return {1'700'000'000'000, "call", "m", "sys", {{AskPart::Kind::text, words, "", ""}}, answer, true};
}

std::string new_id() {
    return make_id(SystemClock{});
}

// Puts a file's last use back.
void age(const std::string& file, std::int64_t ms) {
    const timespec time{ms / 1000, ms % 1000 * 1'000'000};
    const timespec times[2]{time, time};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("Conversation: a line comes back as it was") {
    auto one = exchange("a\nb \xe2\x98\x83", "\"c\"\n");
    one.question.insert(one.question.begin(), {AskPart::Kind::image, "aW1n", "image/png", "a.png"});
    one.question.insert(one.question.begin(), {AskPart::Kind::pdf, "cGRm", "application/pdf", "b.pdf"});
    one.complete = false;
    const auto line = exchange_line(one);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(parse_exchange(line) == one);
    CHECK_FALSE(parse_exchange(line.substr(0, line.size() / 2)).has_value());
    CHECK_FALSE(parse_exchange(R"({"v":2})").has_value());
    CHECK_FALSE(parse_exchange(R"({"v":1,"at_ms":"x"})").has_value());
    CHECK(question_title(one) == "a b \xe2\x98\x83");
}

TEST_CASE("Conversations: appended to, gone on with, private") {
    const Directory directory;
    const auto kept = directory.kept();
    CHECK(kept.load_last().error().kind == ErrorKind::not_found);
    CHECK(kept.list().empty());
    const Conversation first{new_id(), {}};
    const Conversation second{new_id(), {}};
    REQUIRE(kept.append(first, exchange("one", "1")).has_value());
    REQUIRE(kept.append(second, exchange("two", "2")).has_value());
    age(directory.file(first.id), 1'700'000'000'000);
    CHECK(kept.load_last()->id == second.id);
    REQUIRE(kept.append(*kept.load(first.id), exchange("three", "3")).has_value());
    const auto last = kept.load_last();
    REQUIRE(last.has_value());
    CHECK(last->id == first.id);
    const auto turns = last->turns();
    REQUIRE(turns.size() == 4);
    CHECK(turns[2].role == AskRole::user);
    CHECK(turns[2].parts[0].data == "three");
    CHECK(turns[3].role == AskRole::assistant);
    struct stat info {};
    REQUIRE(::stat(directory.file(first.id).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    REQUIRE(::stat((directory.path + "/conversations").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
    const auto list = kept.list();
    REQUIRE(list.size() == 2);
    CHECK(list[0].id == first.id);
    CHECK(list[0].exchanges == 2);
    CHECK(list[0].title == "one");
}

TEST_CASE("Conversations: ids") {
    const Directory directory;
    const auto kept = directory.kept();
    REQUIRE(kept.append({"0123abcd", {}}, exchange("one", "1")).has_value());
    REQUIRE(kept.append({"0124abcd", {}}, exchange("two", "2")).has_value());
    CHECK(kept.load("0123abcd")->id == "0123abcd");
    CHECK(kept.load("0124")->id == "0124abcd");
    CHECK(kept.load("012").error().message.find("several") != std::string::npos);
    CHECK(kept.load("012").error().kind == ErrorKind::usage);
    CHECK(kept.load("0125").error().kind == ErrorKind::not_found);
    CHECK(kept.load("../../x").error().kind == ErrorKind::usage);
    CHECK(kept.remove("0124").has_value());
    CHECK(kept.list().size() == 1);
}

TEST_CASE("Conversations: many at once, none lost") {
    const Directory directory;
    const Conversation same{new_id(), {}};
    constexpr int threads = 8;
    constexpr int each = 25;
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) {
        all.emplace_back([&, t] {
            const auto kept = directory.kept();
            for (int i = 0; i < each; ++i) {
                const auto words = std::to_string(t) + "/" + std::to_string(i);
                // Long, so that a write is not one piece by luck.
                kept.append(same, exchange(words + std::string(20'000, 'x'), "a"));
                kept.prune({1, 1, 1}, SystemClock{}.now_ms());
            }
        });
    }
    for (auto& one : all) {
        one.join();
    }
    CHECK(directory.kept().load(same.id)->exchanges.size() == threads * each);
}

TEST_CASE("Conversations: a torn line costs that line only; a removed file is written again") {
    const Directory directory;
    const auto kept = directory.kept();
    const Conversation one{new_id(), {}};
    REQUIRE(kept.append(one, exchange("one", "1")).has_value());
    std::ofstream(directory.file(one.id), std::ios::app) << R"({"v":1,"at_ms":17)";
    const auto torn = kept.load(one.id);
    REQUIRE(torn.has_value());
    CHECK(torn->exchanges.size() == 1);
    REQUIRE(kept.append(*torn, exchange("two", "2")).has_value());
    CHECK(kept.load(one.id)->exchanges.size() == 2);
    const auto before = *kept.load(one.id);
    REQUIRE(kept.remove(one.id).has_value());
    REQUIRE(kept.append(before, exchange("three", "3")).has_value());
    CHECK(kept.load(one.id)->exchanges.size() == 3);
    std::ofstream(directory.file("abcd")) << "garbage\n";
    CHECK(kept.load("abcd").error().message.find("holds no conversation") != std::string::npos);
    CHECK(kept.list().size() == 1);
}

TEST_CASE("Conversations: bounded by number, age and size; the last used always stays") {
    const Directory directory;
    const auto kept = directory.kept();
    const std::int64_t day_ms = 86'400'000;
    const std::int64_t now_ms = 1'700'000'000'000;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(new_id());
        REQUIRE(kept.append({ids.back(), {}}, exchange("words", "answer")).has_value());
        age(directory.file(ids.back()), now_ms - i * day_ms);
    }
    CHECK(kept.prune({}, now_ms) == 0);
    CHECK(kept.prune({4, 90, 1 << 20}, now_ms) == 1);
    CHECK(kept.prune({4, 2, 1 << 20}, now_ms + 1000) == 2);
    CHECK(kept.prune({4, 90, 10}, now_ms) == 1);
    REQUIRE(kept.list().size() == 1);
    CHECK(kept.list()[0].id == ids[0]);
    CHECK(kept.prune({0, 1, 1}, now_ms + 100 * day_ms) == 0);
    CHECK(kept.remove_unused_since(now_ms) == 0);
    CHECK(kept.remove_unused_since(now_ms + 1) == 1);
}
