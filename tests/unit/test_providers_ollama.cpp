// Ollama in the configuration: what makes llmgw speak its own API, what is asked where, and how its lines become
// events.
#include <doctest/doctest.h>

#include "providers/hosts.hpp"
#include "tests/unit/host_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

using enum DialectId;

Provider ollama(const std::string& lines = "") {
    return provider_of("[providers.ollama]\n" + lines, "ollama");
}

std::string refused(const std::string& lines) {
    return resolved("[providers.ollama]\n" + lines).errors();
}

std::string framed(std::initializer_list<std::string_view> pieces, std::string* error = nullptr) {
    const auto framing = ollama_host.framing(ollama_chat, "application/x-ndjson; charset=utf-8");
    std::string sse;
    const auto note = [&](const Result<>& done) {
        if (!done && error != nullptr) { *error = done.error().message; }
    };
    for (const auto piece : pieces) {
        note(framing->feed(piece, sse));
    }
    note(framing->finish(sse));
    return sse;
}

}  // namespace

TEST_SUITE("providers/ollama") {
    TEST_CASE("ollama: without a word it is a Chat host at /v1, as it was") {
        for (const auto* lines : {"", "dialects = [\"openai-chat\"]\n", "base_url = \"http://gpu.lan:11434/v1\"\n"}) {
            const auto plain = ollama(lines);
            CHECK(plain.host == nullptr);
            CHECK(plain.speaks(openai_chat));
            CHECK_FALSE(plain.speaks(ollama_chat));
            CHECK(plain.local);
        }
    }

    TEST_CASE("ollama: its own API where the dialect is named, or what only that can be told") {
        for (const auto* lines : {"dialects = [\"ollama-chat\"]\n", "num_ctx = 65536\n", "keep_alive = \"30m\"\n",
                                  "num_ctx = 4096\ndialects = [\"ollama-chat\"]\n"}) {
            CAPTURE(lines);
            const auto native = ollama(lines);
            CHECK(native.host == &ollama_host);
            CHECK(native.dialects == std::vector{ollama_chat});
            CHECK(native.local);
            CHECK(native.base_url == "http://127.0.0.1:11434/v1");
            CHECK(url_of(native, {ollama_chat, Operation::other, "m", "/api/chat"}) ==
                  "http://127.0.0.1:11434/api/chat");
        }
        const auto set = ollama("num_ctx = 65536\nkeep_alive = \"-1\"\n");
        CHECK(set.traits.num_ctx == 65536);
        CHECK(set.traits.keep_alive == "-1");
        CHECK(set.host->lists_models);
        CHECK(set.host->check(set).url == "http://127.0.0.1:11434/api/chat");
    }

    TEST_CASE("ollama: any of its addresses is its base URL") {
        for (const std::string end : {"", "/", "/v1", "/v1/", "/api", "/api/chat"}) {
            CAPTURE(end);
            const auto native = ollama("num_ctx = 8192\nbase_url = \"http://gpu.lan:11434" + end + "\"\n");
            CHECK(native.base_url == "http://gpu.lan:11434/v1");
            CHECK(url_of(native, {ollama_chat, Operation::other, "m", "/api/chat"}) == "http://gpu.lan:11434/api/chat");
        }
        const auto cloud = ollama("num_ctx = 8192\nbase_url = \"https://ollama.com/v1\"\napi_key = \"env:K\"\n");
        CHECK_FALSE(cloud.local);
        CHECK(cloud.api_key == "env:K");
    }

    TEST_CASE("ollama: what does not go together is an error") {
        CHECK(
            refused("num_ctx = 4096\ndialects = [\"openai-chat\"]\n").contains("not spoken together with ollama-chat"));
        CHECK(refused("dialects = [\"ollama-chat\", \"anthropic\"]\n").contains("make a second table"));
        for (const auto* wrong :
             {"half an hour", "30", "1h30m", "2.5h", "-1", "0", "300ms", "30x", "m", "1..5s", "-"}) {
            CAPTURE(wrong);
            const bool good = std::string_view("30 1h30m 2.5h -1 0 300ms").contains(wrong) && *wrong != 'm' &&
                              std::string_view(wrong) != "-";
            const auto config = "[providers.ollama]\nkeep_alive = \"" + std::string(wrong) + "\"\n";
            const auto parsed = parse_config(config, "c.toml");
            if (!parsed) {
                CHECK_FALSE(good);
                continue;
            }
            CHECK((resolved(config).errors() == "") == good);
        }
        CHECK(resolved("[providers.vllm]\nnum_ctx = 4096\n").errors().contains("num_ctx means nothing"));
        CHECK(
            resolved("[providers.vllm]\ndialects = [\"ollama-chat\"]\n").errors().contains("cannot speak ollama-chat"));
        CHECK(resolved("[providers.azure]\nbase_url = \"https://r.openai.azure.com\"\nkeep_alive = \"5m\"\n")
                  .errors()
                  .contains("keep_alive means nothing"));
        CHECK_FALSE(parse_config("[providers.ollama]\nnum_ctx = -1\n", "c.toml"));
        CHECK_FALSE(parse_config("[providers.ollama]\nnum_ctx = \"32k\"\n", "c.toml"));
    }

    TEST_CASE("ollama: lines become events") {
        CHECK(framed({"{\"a\":1}\n{\"b\":2}\n"}) == "data: {\"a\":1}\n\ndata: {\"b\":2}\n\n");
        CHECK(framed({"{\"a\"", ":1}\r", "\n\n", "  \n{\"b\":2}"}) == "data: {\"a\":1} \n\ndata: {\"b\":2}\n\n");
        CHECK(framed({"{\"a\":\r1}\n"}) == "data: {\"a\": 1}\n\n");
        CHECK(framed({}) == "");
        std::string error;
        CHECK(framed({"{\"a\":1}\n{\"b\":"}, &error) == "data: {\"a\":1}\n\n");
        CHECK(error.contains("in the middle of a line"));
        error.clear();
        const std::string endless(17 << 20, ' ');
        CHECK(framed({endless}, &error) == "");
        CHECK(error.contains("a line without an end"));
        CHECK(ollama_host.framing(ollama_chat, "application/json; charset=utf-8") == nullptr);
        CHECK(ollama_host.framing(openai_chat, "text/event-stream") == nullptr);
    }
}
