#include <doctest/doctest.h>

#include "cli/routes/asked_format.hpp"

using namespace llmgw;

namespace {

std::vector<Provider> providers() {
    std::vector<Provider> list(2);
    list[0].name = "anthropic";
    list[0].dialects = {DialectId::anthropic};
    list[1].name = "local";
    list[1].dialects = {DialectId::openai_chat};
    list[1].models = {"qwen3-coder"};
    return list;
}

std::string told(const AskedBy& by) {
    const auto format = asked_format(by, providers());
    CHECK(format.because.empty() == (format.from == "option" || format.from == "request"));
    return std::string(to_string(format.dialect)) + " by " + std::string(format.from);
}

}  // namespace

TEST_CASE("Asked format: without a body the agent tells it, else the model's name as ask takes it") {
    CHECK(told({"", "", "", "claude-haiku-4-5"}) == "anthropic by model");
    CHECK(told({"", "", "", "gemini-2.5-flash"}) == "gemini by model");
    CHECK(told({"", "", "", "gpt-5-mini"}) == "openai-chat by model");
    CHECK(told({"", "", "", "anthropic/claude-x"}) == "anthropic by model");
    CHECK(told({"", "", "", "qwen3-coder"}) == "openai-chat by model");
    CHECK(told({"", "", "claude-code", "qwen3-coder"}) == "anthropic by agent");
    CHECK(told({"", "", "codex", "claude-haiku-4-5"}) == "openai-responses by agent");
    CHECK(told({"", "", "gemini-cli", "smart"}) == "gemini by agent");
    // These speak what they are told to.
    CHECK(told({"", "", "opencode", "claude-haiku-4-5"}) == "anthropic by model");
    CHECK(told({"openai-chat", "", "claude-code", "claude-haiku-4-5"}) == "openai-chat by option");
}

TEST_CASE("Asked format: a body tells it, an Anthropic one without system too") {
    CHECK(told({"", R"({"contents":[]})", "", "claude-x"}) == "gemini by request");
    CHECK(told({"", R"({"input":"Hi"})", "", "claude-x"}) == "openai-responses by request");
    for (const std::string_view body :
         {R"({"system":"x","messages":[]})", R"({"messages":[],"stop_sequences":["x"]})",
          R"({"messages":[],"thinking":{"type":"enabled"}})",
          R"({"messages":[],"tools":[{"name":"f","input_schema":{}}]})",
          R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]})",
          R"({"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]})"}) {
        CAPTURE(body);
        CHECK(told({"", body, "", "gpt-5-mini"}) == "anthropic by request");
    }
    for (const std::string_view body :
         {R"({"messages":[{"role":"system","content":"x"}]})", R"({"messages":[],"max_completion_tokens":9})",
          R"({"messages":[],"tools":[{"type":"function","function":{}}]})",
          R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})"}) {
        CAPTURE(body);
        CHECK(told({"", body, "claude-code", "claude-x"}) == "openai-chat by request");
    }
    // What could be either is taken by who asks for what.
    const std::string_view either = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})";
    CHECK(told({"", either, "", "claude-haiku-4-5"}) == "anthropic by model");
    CHECK(told({"", either, "claude-code", "smart"}) == "anthropic by agent");
    CHECK(told({"", either, "", "gpt-5-mini"}) == "openai-chat by model");
    // A Gemini or Responses body would look otherwise.
    CHECK(told({"", either, "", "gemini-2.5-flash"}) == "openai-chat by model");
    CHECK(told({"", either, "codex", "gpt-5"}) == "openai-chat by agent");
    CHECK(told({"", "{}", "", "claude-haiku-4-5"}) == "anthropic by model");
    CHECK(told({"", R"({"messages":[1,{"content":[2]}],"tools":[3]})", "", "claude-x"}) == "anthropic by model");
}
