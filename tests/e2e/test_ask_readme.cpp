// The README's examples of `llmgw ask`, run as they stand there.
#include <filesystem>

#include <doctest/doctest.h>

#include "tests/e2e/ask_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

namespace {

std::vector<std::string> shell_blocks(const std::string& text) {
    std::vector<std::string> blocks;
    const std::string open = "```sh\n";
    for (auto at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
        at += open.size();
        blocks.push_back(text.substr(at, text.find("```", at) - at));
    }
    return blocks;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++n;
    }
    return n;
}

}  // namespace

TEST_SUITE("ask") {
    TEST_CASE("ask: the README's examples work as they are written") {
        const auto readme = read_file(std::string(LLMGW_SOURCE_DIR) + "/README.md");
        const auto from = readme.find("<!-- ask -->");
        const auto to = readme.find("<!-- /ask -->");
        REQUIRE(from < to);
        const auto blocks = shell_blocks(readme.substr(from, to - from));
        REQUIRE(blocks.size() == 3);

        AskWorld w;
        w.world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
            if (request.body.find("json_schema") == std::string::npos) { return canned::answer(request, connection); }
            connection.start_sse();
            connection.chunk(canned::joined(message_events(R"({"name":"Ada","age":36})", 5)));
            connection.finish();
        });
        w.file("report.txt", "All is well.\n");
        w.file("notes.md", "# Notes\n");
        w.file("photo.png", std::string("\x89PNG\r\n\x1a\n", 8));
        w.file("paper.pdf", "%PDF-1.4\n");
        w.file(
            "person.json",
            R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false})");
        std::filesystem::create_directories(w.world.home.path() + "/bin");
        std::filesystem::create_symlink(gateway_binary(), w.world.home.path() + "/bin/llmgw");

        std::string script = "set -e\ncd \"$HOME\"\nPATH=\"$HOME/bin:$PATH\"\n";
        for (const auto& block : blocks) {
            script += block;
        }
        // Every command's standard input is what its line says, or nothing.
        ChildProcess shell({"sh", "-c", "exec </dev/null\n" + script}, w.world.home.environment());
        CHECK_MESSAGE(shell.wait() == 0, shell.err());
        w.output += shell.out() + shell.err();
        CHECK(read_file(w.world.home.path() + "/person.out") == "{\"name\":\"Ada\",\"age\":36}\n");
        CHECK(nlohmann::json::parse(read_file(w.world.home.path() + "/answer.json"))["text"] ==
              "Hello \xe2\x98\x83 there");
        const auto asked = count(script, "llmgw ask") - count(script, "--dry-run") - count(script, "ask --list") -
                           count(script, "ask --prune");
        CHECK(w.world.upstream.request_count() == asked);
        CHECK(asked >= 10);
    }
}
