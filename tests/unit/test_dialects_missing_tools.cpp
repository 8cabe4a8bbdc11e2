// When a request cannot be served without the tools that would have run at the provider, and when it can.
#include <string>

#include <doctest/doctest.h>

#include "core/dialect/missing_tools.hpp"
#include "providers/registry.hpp"

using namespace llmgw;

namespace {

// What is said of a Messages request with these tools, for a Chat provider.
std::string missing(const std::string& tools, const std::string& more = "", DialectId target = DialectId::openai_chat) {
    auto request =
        dialects()
            .get(DialectId::anthropic)
            .codec()
            ->decode_request(R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[)" +
                             tools + "]" + more + "}");
    REQUIRE(request);
    TargetTraits traits;
    traits.model = target == DialectId::gemini ? "gemini-3-pro-preview" : "gpt-5.6";
    Drops drops;
    REQUIRE(dialects().get(target).codec()->encode_request(*request, traits, drops));
    return missing_server_tool(*request, drops);
}

const std::string search = R"({"type":"web_search_20250305","name":"web_search"})";
const std::string run = R"({"type":"code_execution_20250522","name":"code_execution"})";
const std::string look = R"({"name":"look","input_schema":{"type":"object"}})";

}  // namespace

TEST_SUITE("dialects/missing_tools") {
    TEST_CASE("nothing else is offered") {
        CHECK(missing(search) == "web_search_20250305 (openai-chat models search only where their name says so)");
        CHECK(missing(run) == "tools[0] (code_execution_20250522) (a tool that runs at its own provider only)");
        CHECK(missing(search + "," + run).contains("web_search"));
        // One of the two goes along.
        CHECK(missing(search + "," + run, "", DialectId::gemini) == "");
        CHECK(missing(run, "", DialectId::gemini).contains("code_execution_20250522"));
        CHECK(missing(search, "", DialectId::gemini) == "");
        CHECK(missing("") == "");
    }

    TEST_CASE("beside the client's own tools it is only left out, unless it is demanded") {
        CHECK(missing(look + "," + search) == "");
        CHECK(missing(look + "," + run, R"(,"tool_choice":{"type":"any"})") == "");
        CHECK(missing(look + "," + run, R"(,"tool_choice":{"type":"tool","name":"look"})") == "");
        CHECK(missing(look + "," + run, R"(,"tool_choice":{"type":"tool","name":"code_execution"})")
                  .contains("code_execution_20250522"));
        // Demanded and there.
        CHECK(missing(search + "," + run, R"(,"tool_choice":{"type":"tool","name":"web_search"})", DialectId::gemini) ==
              "");
    }
}
