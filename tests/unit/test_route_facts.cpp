#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/policy/agents.hpp"
#include "core/route/facts.hpp"
#include "tests/support/tell.hpp"

using namespace llmgw;

namespace {

CallFacts facts_of(DialectId dialect, std::string_view body, std::string_view agent = "opencode") {
    CallFacts facts;
    facts.dialect = dialect;
    facts.body = body;
    facts.agent = agent;
    facts.conversation = true;
    return facts;
}

// What a request needs, a letter each.
std::string needs(DialectId dialect, const std::string& body) {
    const auto found = read_body_facts(dialect, body).needs;
    std::string out;
    out += found.tools ? "t" : "";
    out += found.images ? "i" : "";
    out += found.documents ? "d" : "";
    out += found.audio ? "a" : "";
    out += found.structured ? "s" : "";
    out += found.thinking ? "k" : "";
    return out;
}

}  // namespace

TEST_CASE("Facts: what a request needs is read from every dialect's own words") {
    using enum DialectId;
    struct Case {
        DialectId dialect;
        std::string body;
        std::string needs;
    };
    const std::vector<Case> cases{
        {openai_chat, R"({"messages":[{"role":"user","content":"\"type\":\"image_url\""}]})", ""},
        {openai_chat, R"({"tools":[],"messages":[]})", ""},
        {openai_chat, R"({"messages":[],"tools":[{"type":"function","function":{"name":"image"}}]})", "t"},
        {openai_chat, R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]})",
         "i"},
        {openai_chat, R"({"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]})", "a"},
        {openai_chat, R"({"messages":[{"role":"user","content":[{"type":"file","file":{}}]}]})", "d"},
        {openai_chat, R"({"response_format":{"type":"json_schema","json_schema":{}},"reasoning_effort":"low"})", "sk"},
        {openai_chat, R"({"response_format":{"type":"json_object"},"reasoning_effort":"none"})", ""},
        {anthropic, R"({"messages":[{"role":"user","content":[{"type":"image","source":{}},{"type":"document"}]}]})",
         "id"},
        {anthropic, R"({"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}]}]}]})",
         "i"},
        {anthropic, R"({"thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"format":{}}})", "sk"},
        {anthropic, R"({"thinking":{"type":"disabled"},"output_config":{"effort":"high"}})", ""},
        {openai_responses, R"({"input":[{"type":"message","content":[{"type":"input_image"},{"type":"input_file"}]}]})",
         "id"},
        {openai_responses, R"({"input":[{"type":"additional_tools","tools":[]}],"reasoning":{"effort":"high"}})", "tk"},
        {openai_responses, R"({"input":"x","text":{"format":{"type":"json_schema"}}})", "s"},
        {gemini, R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]}]})", "i"},
        {gemini,
         R"({"contents":[{"parts":[{"fileData":{"mimeType":"application/pdf"}},{"inline_data":{"mime_type":"audio/wav"}}]}]})",
         "da"},
        {gemini, R"({"generationConfig":{"responseJsonSchema":{},"thinkingConfig":{"thinkingBudget":8192}}})", "sk"},
        {gemini,
         R"({"generationConfig":{"thinkingConfig":{"thinkingBudget":0}},"tools":[{"functionDeclarations":[]}]})", "t"},
        {anthropic, R"({"output_config":{"format":{}},"output_format":null})", "s"},
        {anthropic, R"({"output_format":{"type":"json_schema"},"output_config":{"effort":"high"}})", "s"},
        {openai_chat, R"({"messages":[{"role":)", ""},
        {openai_chat, "[]", ""},
    };
    for (const auto& test : cases) {
        CAPTURE(test.body);
        CHECK(needs(test.dialect, test.body) == test.needs);
    }
}

TEST_CASE("Facts: a picture's bytes are no text; a session is found in the body") {
    const std::string text(4'000, 'a');
    const auto with_picture =
        R"({"messages":[{"role":"user","content":[{"type":"text","text":"hello"},{"type":"image","source":{"data":")" +
        std::string(400'000, 'A') + "\"}}]}]}";
    const auto tokens = read_body_facts(DialectId::anthropic, with_picture).needs.input_tokens;
    CHECK(tokens > 1'000);
    CHECK(tokens < 2'000);
    CHECK(
        read_body_facts(DialectId::openai_chat, R"({"messages":[{"content":"a b c d e f g h"}]})").needs.input_tokens <
        60);
    CHECK(read_body_facts(DialectId::openai_responses, R"({"prompt_cache_key":"k"})").session == "k");
    CHECK(read_body_facts(DialectId::anthropic, R"({"metadata":{"user_id":"{\"session_id\":\"s\"}"}})").session ==
          R"({"session_id":"s"})");
    CHECK(read_body_facts(DialectId::openai_responses, R"({"previous_response_id":"r"})").goes_on);
}

TEST_CASE("Facts: what is sealed is no text, wherever a dialect has it") {
    using enum DialectId;
    const std::string seal(400'000, 'A');
    const std::vector<std::pair<DialectId, std::string>> cases{
        {anthropic,
         R"({"messages":[{"content":[{"type":"thinking","thinking":"x","signature":"SEAL"},{"type":"text"}]}]})"},
        {anthropic, R"({"messages":[{"content":[{"type":"redacted_thinking","data":"SEAL"}]}]})"},
        {anthropic,
         R"({"messages":[{"content":[{"type":"web_search_tool_result","content":[{"encrypted_content":"SEAL"}]}]}]})"},
        {openai_responses, R"({"input":[{"type":"reasoning","summary":[],"encrypted_content":"SEAL"}]})"},
        {gemini, R"({"contents":[{"parts":[{"text":"x","thoughtSignature":"SEAL"}]}]})"},
        {gemini, R"({"contents":[{"parts":[{"functionCall":{"name":"f"},"thought_signature":"SEAL"}]}]})"},
        {openai_chat,
         R"({"messages":[{"tool_calls":[{"extra_content":{"google":{"thought_signature":"SEAL"}}}],"content":"x"}]})"},
        {openai_chat, R"({"messages":[{"reasoning_details":[{"type":"reasoning.encrypted","data":"SEAL"}]}]})"},
    };
    for (const auto& [dialect, form] : cases) {
        CAPTURE(form);
        auto body = form;
        body.replace(body.find("SEAL"), 4, seal);
        CHECK(read_body_facts(dialect, body).needs.input_tokens < 200);
        // The same bytes elsewhere are text.
        auto text = form;
        text.replace(text.find("SEAL"), 4, "x").replace(1, 0, R"("system":")" + seal + R"(",)");
        CHECK(read_body_facts(dialect, text).needs.input_tokens > 50'000);
    }
    const auto picture = R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":")" + seal +
                         R"("},"thoughtSignature":")" + seal + "\"}]}]}";
    const auto needs = read_body_facts(gemini, picture).needs;
    CHECK(needs.images);
    CHECK(needs.input_tokens < 2'000);
}

TEST_CASE("Facts: an agent's call beside its work offers no tools and is short") {
    const std::string title = R"({"messages":[{"role":"user","content":"A title, please."}]})";
    CHECK(facts_of(DialectId::openai_chat, title).background());
    CHECK_FALSE(facts_of(DialectId::openai_chat, title, "").background());
    CHECK_FALSE(facts_of(DialectId::openai_chat, R"({"messages":[],"tools":[{"type":"function"}]})").background());
    CHECK_FALSE(facts_of(DialectId::openai_responses, R"({"previous_response_id":"r","input":"x"})").background());
    std::string words;
    for (int i = 0; i < 20'000; ++i) {
        words += "word ";
    }
    CHECK_FALSE(
        facts_of(DialectId::openai_chat, R"({"messages":[{"role":"user","content":")" + words + "\"}]}").background());
}

TEST_CASE("Facts: recorded agents' titles and choices are background, and nothing else of theirs") {
    const char* given = std::getenv("LLMGW_SHARED");
    const std::string folder = std::string(given != nullptr ? given : LLMGW_SOURCE_DIR "/../shared") + "/agents";
    if (!std::filesystem::exists(folder)) {
        TELL("no recordings: set LLMGW_SHARED");
        return;
    }
    int background = 0;
    int work = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        const auto name = file.path().filename().string();
        DialectId dialect = DialectId::openai_chat;
        if (name.find("generateContent") != name.npos || name.find("streamGenerateContent") != name.npos) {
            dialect = DialectId::gemini;
        } else if (name.find("_v1_messages") != name.npos) {
            dialect = DialectId::anthropic;
        } else if (name.find("POST-_v1_responses") != name.npos) {
            dialect = DialectId::openai_responses;
        } else if (name.find("_v1_chat_completions") == name.npos) {
            continue;
        }
        std::ifstream in(file.path());
        const auto recorded = nlohmann::json::parse(in, nullptr, false);
        if (!recorded.is_object() || !recorded.contains("body") || recorded["body"].is_null()) { continue; }
        const auto& body = recorded["body"];
        const auto text = body.is_string() ? body.get<std::string>() : body.dump();
        const bool beside = facts_of(dialect, text).background();
        ++(beside ? background : work);
        // opencode's titles; Gemini CLI's choice of a model.
        const bool title =
            name.find("opencode") == 0 && (name.find("-0001-") != name.npos || name.find("-0003-") != name.npos);
        const bool choice = name.find("flash_lite_generateContent") != name.npos;
        CAPTURE(name);
        CHECK(beside == (title || choice));
    }
    CHECK(background >= 8);
    CHECK(work >= 20);
}
