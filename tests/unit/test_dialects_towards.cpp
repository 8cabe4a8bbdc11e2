// A few rich cases of tests/dialects towards the other three dialects, whole, for people to read: a request as each
// provider gets it, a stream as each client gets it, and what was left out.
//   request.json -> request.to-DIALECT.txt; stream.sse -> stream.to-DIALECT.txt
// LLMGW_UPDATE_GOLDENS=1 writes what the codecs say now, to be read before it is kept.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/dialect/emitted_check.hpp"
#include "core/util/json_valid.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;

namespace {

struct Case {
    DialectId dialect;
    const char* name;
};

constexpr std::array<Case, 10> requests{{
    {DialectId::anthropic, "request-agent-turn"},
    {DialectId::anthropic, "request-settings"},
    {DialectId::openai_chat, "request-tool-session"},
    {DialectId::openai_chat, "request-every-setting"},
    {DialectId::openai_chat, "request-media"},
    {DialectId::openai_responses, "request-codex-code-mode"},
    {DialectId::openai_responses, "request-codex-functions"},
    {DialectId::openai_responses, "request-media-and-settings"},
    {DialectId::gemini, "request-agent-turn"},
    {DialectId::gemini, "request-settings"},
}};

constexpr std::array<Case, 12> streams{{
    {DialectId::anthropic, "interleaved-thinking"},
    {DialectId::anthropic, "thinking-and-tools"},
    {DialectId::anthropic, "overloaded-midstream"},
    {DialectId::openai_chat, "calls-interleaved"},
    {DialectId::openai_chat, "openrouter-sealed-reasoning"},
    {DialectId::openai_chat, "refusal"},
    {DialectId::openai_responses, "text-and-reasoning"},
    {DialectId::openai_responses, "tools-and-searches"},
    {DialectId::openai_responses, "incomplete"},
    {DialectId::gemini, "signatures"},
    {DialectId::gemini, "grounded"},
    {DialectId::gemini, "thoughts-and-text"},
}};

const Codec& codec_of(DialectId id) {
    return *dialects().get(id).codec();
}

fs::path dir_of(const Case& one) {
    return fs::path(LLMGW_SOURCE_DIR) / "tests/dialects" / to_string(one.dialect) / one.name;
}

void check_golden(const fs::path& path, const std::string& text) {
    if (std::getenv("LLMGW_UPDATE_GOLDENS") != nullptr) { std::ofstream(path, std::ios::binary) << text; }
    CAPTURE(path.string());
    CHECK(text == read_file(path));
}

std::string golden_name(const char* what, DialectId other) {
    return std::string(what) + ".to-" + std::string(to_string(other)) + ".txt";
}

std::string with_drops(std::string text, const Drops& drops) {
    return drops.empty() ? text : text + "\nleft out:\n" + drops_text(drops);
}

// A model of each that thinks.
const char* model_of(DialectId id) {
    switch (id) {
        case DialectId::anthropic: return "claude-sonnet-4-6";
        case DialectId::gemini: return "gemini-3-pro-preview";
        default: return "gpt-5.6";
    }
}

}  // namespace

TEST_SUITE("dialects/towards") {
    TEST_CASE("requests, as the providers of the other dialects get them") {
        for (const auto& one : requests) {
            auto request = codec_of(one.dialect).decode_request(read_file(dir_of(one) / "request.json"));
            REQUIRE(request.has_value());
            request->previous_response_id.clear();  // the gateway has put what it names in front
            for (const auto& other : dialect_names) {
                if (other.id == one.dialect) { continue; }
                TargetTraits target;
                target.model = model_of(other.id);
                target.thinking_level = true;
                Drops drops;
                const auto written = codec_of(other.id).encode_request(*request, target, drops);
                REQUIRE_MESSAGE(written.has_value(), written.error().message);
                CHECK(is_json_object(written->body));
                CHECK(codec_of(other.id).decode_request(written->body).has_value());
                check_golden(dir_of(one) / golden_name("request", other.id), with_drops(written->body + "\n", drops));
            }
        }
    }

    TEST_CASE("streams, as the clients of the other dialects get them") {
        for (const auto& one : streams) {
            const std::string stream = read_file(dir_of(one) / "stream.sse");
            const auto events = read_answer(codec_of(one.dialect), stream, stream.size());
            for (const auto& other : dialect_names) {
                if (other.id == one.dialect) { continue; }
                AnswerWishes wishes;
                wishes.call_id = "0190-call";
                wishes.model = "asked-for";
                wishes.now_s = 1;
                wishes.stream_usage = true;
                Drops drops;
                const std::string written = write_answer(codec_of(other.id), events, wishes, drops);
                EmittedCheck check(codec_of(other.id));
                check.add(written);
                check.end();
                CHECK(check.fault() == "");
                std::string text = written;
                std::erase(text, '\r');
                check_golden(dir_of(one) / golden_name("stream", other.id), with_drops(text, drops));
            }
        }
    }
}
