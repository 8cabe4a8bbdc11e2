// Conversations of `llmgw ask`: kept, gone on with, listed, removed.
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/e2e/ask_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

namespace {

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

json list(AskWorld& w) {
    return json::parse(w.run({"--list", "--json"}).out);
}

}  // namespace

TEST_SUITE("ask") {
    TEST_CASE("ask: -c goes on with the last one, with its model and system prompt, across dialects") {
        AskWorld w;
        CHECK(w.ask({"-s", "Be brief.", "one"}).exit == 0);
        CHECK(w.run({"-c", "--feature", "f", "two"}).exit == 0);
        auto sent = w.sent();
        CHECK(sent["model"] == "claude-haiku-4-5");
        CHECK(sent["system"] == "Be brief.");
        REQUIRE(sent["messages"].size() == 3);
        CHECK(sent["messages"][0]["content"] == "one");
        CHECK(sent["messages"][1] == json{{"role", "assistant"}, {"content", "Hello \xe2\x98\x83 there"}});
        CHECK(sent["messages"][2]["content"] == "two");

        CHECK(w.run({"-c", "--feature", "f", "-m", "gpt-5-mini", "three"}).exit == 0);
        sent = w.sent();
        CHECK(sent["messages"].size() == 6);
        CHECK(sent["messages"][0] == json{{"role", "system"}, {"content", "Be brief."}});
        // LLMGW_MODEL is for new ones.
        CHECK(w.run({"-c", "--feature", "f", "-s", "", "four"}, "", {{"LLMGW_MODEL", "gemini-2.5-flash"}}).exit == 0);
        sent = w.sent();
        CHECK(sent["model"] == "gpt-5-mini");
        CHECK(sent["messages"][0]["role"] == "user");
        CHECK(w.run({"-c", "--feature", "f", "-m", "gemini-2.5-flash", "five"}).exit == 0);
        sent = w.sent();
        CHECK(sent["contents"].size() == 9);
        CHECK(sent["contents"][1]["role"] == "model");
        CHECK_FALSE(sent.contains("systemInstruction"));
        CHECK(list(w).size() == 1);
        CHECK(list(w)[0]["questions"] == 5);
    }

    TEST_CASE("ask: --conversation, --list, --forget, --prune, --no-keep") {
        AskWorld w;
        CHECK(w.run({"--list"}).err == "No conversations are kept.\n");
        const auto first = json::parse(w.ask({"--json", "first question"}).out)["conversation"].get<std::string>();
        const auto second = json::parse(w.ask({"--json", "second\x1b[31m"}).out)["conversation"].get<std::string>();
        CHECK(first != second);
        CHECK(json::parse(w.ask({"--json", "--conversation", first, "more"}).out)["conversation"] == first);
        CHECK(w.sent()["messages"].size() == 3);
        CHECK(w.ask({"--no-keep", "secret"}).exit == 0);
        CHECK(w.ask({"--no-keep", "--conversation", first, "secret"}).exit == 0);
        CHECK(w.sent()["messages"].size() == 5);
        CHECK(files_holding(w.world.home.path(), "secret", {}).empty());

        const auto shown = w.run({"--list"});
        CHECK(shown.exit == 0);
        CHECK(says(shown.out, first));
        CHECK(says(shown.out, "first question"));
        CHECK_FALSE(says(shown.out, "\x1b"));
        const auto all = list(w);
        REQUIRE(all.size() == 2);
        CHECK(all[0]["conversation"] == first);
        CHECK(all[0]["questions"] == 2);

        const auto directory = w.world.home.data_dir() + "/conversations";
        for (const auto& entry : std::filesystem::directory_iterator(directory)) {
            struct stat info {};
            REQUIRE(::stat(entry.path().c_str(), &info) == 0);
            CHECK((info.st_mode & 0777) == 0600);
        }
        CHECK(w.run({"--forget", first}).exit == 0);
        CHECK(list(w).size() == 1);
        CHECK(w.run({"--prune", "1d"}).err == "0 conversations removed.\n");
        CHECK(w.run({"--prune", "all"}).err == "1 conversation removed.\n");
        CHECK(list(w).empty());
    }

    TEST_CASE("ask: what is kept is bounded by settings; 0 keeps none") {
        AskWorld w("[ask]\nkeep_conversations = 2\n");
        for (const std::string word : {"a", "b", "c", "d"}) {
            CHECK(w.ask({word}).exit == 0);
        }
        auto all = list(w);
        REQUIRE(all.size() == 2);
        CHECK(all[0]["title"] == "d");
        CHECK(all[1]["title"] == "c");
        AskWorld none("[ask]\nkeep_conversations = 0\n");
        CHECK(json::parse(none.ask({"--json", "a"}).out)["conversation"].is_null());
        CHECK(list(none).empty());
    }

    TEST_CASE("ask: images stay in a conversation") {
        AskWorld w;
        const std::string png = std::string("\x89PNG\r\n\x1a\n", 8);
        CHECK(w.ask({"--file", w.file("a.png", png), "What?"}).exit == 0);
        CHECK(w.run({"-c", "--feature", "f", "-m", "gemini-2.5-flash", "And?"}).exit == 0);
        CHECK(w.sent()["contents"][0]["parts"][0]["inlineData"]["mimeType"] == "image/png");
        CHECK(list(w)[0]["title"] == "What?");
    }

    TEST_CASE("ask: a question without an answer is not kept; one whose answer broke off is") {
        AskWorld w;
        CHECK(w.ask({"one"}).exit == 0);
        CHECK(w.run({"-c", "--feature", "f", "-m", "anthropic/fake-429", "two"}).exit == 6);
        CHECK(list(w)[0]["questions"] == 1);
        const auto events = message_events("half an answer", 20);
        w.world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(events[0] + events[1] + events[2]);
            connection.reset();
        });
        const auto broken = w.run({"-c", "--feature", "f", "three"});
        CHECK(broken.exit == 6);
        CHECK(broken.out == "half an answer\n");
        CHECK(list(w)[0]["questions"] == 2);
        w.world.upstream.handle(canned::answer);
        CHECK(w.run({"-c", "--feature", "f", "four"}).exit == 0);
        CHECK(w.sent()["messages"][3]["content"] == "half an answer");
    }

    TEST_CASE("ask: many at once spoil nothing") {
        AskWorld w;
        const auto first = json::parse(w.ask({"--json", "first"}).out)["conversation"].get<std::string>();
        constexpr int threads = 4;
        constexpr int each = 5;
        std::vector<std::thread> all;
        std::atomic<int> failed{0};
        for (int t = 0; t < threads; ++t) {
            all.emplace_back([&] {
                for (int i = 0; i < each; ++i) {
                    const auto result =
                        run_cli(w.world.home, {"ask", "--feature", "f", "--conversation", first, "more"});
                    failed += result.exit == 0 ? 0 : 1;
                }
            });
        }
        for (auto& one : all) {
            one.join();
        }
        CHECK(failed == 0);
        CHECK(list(w)[0]["questions"] == 1 + threads * each);
        CHECK(w.rows(1 + threads * each).size() == 1 + threads * each);
    }

    TEST_CASE("ask: where conversations cannot be kept the answer comes all the same") {
        AskWorld w;
        std::filesystem::create_directories(w.world.home.data_dir());
        std::ofstream(w.world.home.data_dir() + "/conversations") << "a file";
        const auto result = w.ask({"hi"});
        CHECK(result.exit == 0);
        CHECK(says(result.out, "Hello"));
        CHECK(says(result.err, "warning: the conversation is not kept: "));
    }
}
