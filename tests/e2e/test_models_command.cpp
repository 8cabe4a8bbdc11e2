// `llmgw models`: what is configured, and with --online what the providers say of themselves.
#include <regex>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("models");

namespace {

// Three hosts of World's with a key, one that needs none and one whose key is missing.
void write_config(World& world) {
    world.home.write_config(
        world.config() + "[providers.bare]\ntype = \"anthropic\"\nbase_url = \"" + world.upstream.url() +
        "\"\napi_key = \"none\"\n[providers.keyless]\ntype = \"openai\"\nbase_url = \"" + world.upstream.url() +
        "/v1\"\napi_key = \"env:NOT_SET\"\n[routes]\nfast = \"local/qwen3-coder\"\n");
}

bool has_line(const std::string& out, const std::string& pattern) {
    return std::regex_search(out, std::regex("(^|\n)" + pattern + "\n"));
}

}  // namespace

TEST_CASE("llmgw models shows a table of what is configured, and asks nobody") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    write_config(world);
    const auto result = world.cli({"models"});
    CAPTURE(result.out);
    CHECK(result.exit == 0);
    CHECK(has_line(result.out, "MODEL +FORMATS +KEY"));
    CHECK(has_line(result.out, "fast +route: local/qwen3-coder"));
    CHECK(has_line(result.out, "anthropic/\\* +anthropic +env LLMGW_TEST_PROVIDER_KEY"));
    CHECK(has_line(result.out, "local/qwen3-coder +openai-chat +env LLMGW_TEST_PROVIDER_KEY"));
    CHECK(has_line(result.out, "bare/\\* +anthropic +not needed"));
    CHECK(has_line(result.out, "keyless/\\* +openai-chat.* +none"));
    CHECK(result.out.find('\t') == std::string::npos);
    CHECK(result.err == "* is any model that the provider has; --online asks those with a key which these are.\n");
    CHECK(world.upstream.request_count() == 0);

    const auto local = world.cli({"models", "--provider", "local"});
    CHECK(local.err == "");
    CHECK_FALSE(has_line(local.out, "fast .*"));
    const auto list = json::parse(world.cli({"models", "--json"}).out);
    CHECK(list[0]["route"] == "fast");
    CHECK(list[1]["key"] == "env LLMGW_TEST_PROVIDER_KEY");
    CHECK(json::parse(world.cli({"models", "--json", "--provider", "keyless"}).out)[0]["key"].is_null());
}

TEST_CASE("llmgw models --online asks the providers that have a key or need none") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    write_config(world);
    const auto result = world.cli({"models", "--online"});
    CAPTURE(result.out);
    CHECK(result.exit == 0);
    CHECK(has_line(result.out, "anthropic/claude-haiku-4-5 +anthropic +env LLMGW_TEST_PROVIDER_KEY"));
    CHECK(has_line(result.out, "gemini/gemini-2\\.5-flash .*"));
    CHECK(has_line(result.out, "local/qwen3-coder .*"));
    CHECK(has_line(result.out, "bare/claude-haiku-4-5 +anthropic +not needed"));
    CHECK(has_line(result.out, "keyless/\\* .* +none"));
    CHECK(result.err == "* is any model that the provider has.\n");
    CHECK(world.upstream.request_count() == 5);

    const auto none = world.cli({"models", "--online", "--provider", "keyless"});
    CHECK(none.exit == 4);
    CHECK(none.err.find("llmgw: none has a key to be asked with\n") != std::string::npos);
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(500, R"({"error":{"message":"out of order"}})");
    });
    const auto broken = world.cli({"models", "--online", "--provider", "anthropic"});
    CHECK(broken.exit == 6);
    CHECK(broken.err.find("llmgw: anthropic gave no list: ") != std::string::npos);
    CHECK(has_line(broken.out, "anthropic/\\* .*"));
}

TEST_SUITE_END();
