// Recorded traffic of Ollama's own API, when it is there: every stream and answer is read to its end, every error
// classified. Prints how many of how many.
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/dialect/whole_answer.hpp"
#include "providers/hosts.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/host_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

// Why a recording is none of a conversation.
const std::map<std::string, std::string>& not_conversations() {
    static const std::map<std::string, std::string> reasons{
        {"api-embeddings", "an embedding: embeddings are asked for at /v1"},
        {"openai-chat", "in Chat Completions: test_dialects_hosts.cpp"},
    };
    return reasons;
}

const Dialect& ollama() {
    return dialects().get(DialectId::ollama_chat);
}

std::string framed(const std::string& lines, std::size_t piece_bytes) {
    const auto framing = ollama_host.framing(DialectId::ollama_chat, "application/x-ndjson");
    std::string sse;
    for (std::size_t at = 0; at < lines.size(); at += piece_bytes) {
        REQUIRE(framing->feed(lines.substr(at, piece_bytes), sse));
    }
    CHECK(framing->finish(sse));
    return sse;
}

std::vector<AnswerEvent> events_of(const std::filesystem::path& dir) {
    std::vector<AnswerEvent> events;
    const auto body = read_file(dir / "response.json");
    if (!body.empty()) {
        CHECK(ollama().codec()->decode_answer(body, events));
        return events;
    }
    const auto lines = read_file(dir / "stream.ndjson");
    const auto sse = framed(lines, lines.size());
    CHECK(framed(lines, 1) == sse);
    const auto logged = read_stream(ollama(), sse, 7).events;
    CHECK(last_of<event::Terminal>(logged) != nullptr);
    return read_answer(*ollama().codec(), sse, sse.size());
}

// What the recording itself says, found by looking at its lines.
void compare(const std::filesystem::path& dir, const WholeAnswer& answer) {
    std::string text;
    std::string thinking;
    std::string lines = read_file(dir / "response.json") + read_file(dir / "stream.ndjson");
    std::optional<std::int64_t> output;
    for (std::size_t at = 0; at < lines.size();) {
        const auto end = std::min(lines.find('\n', at), lines.size());
        const auto line = std::string_view(lines).substr(at, end - at);
        text += text_at(line, {"message", "content"}) + text_at(line, {"response"});
        thinking += text_at(line, {"message", "thinking"});
        if (const auto count = json_scan::member(line, "eval_count")) { output = count->as_int(); }
        at = end + 1;
    }
    std::string said;
    std::string thought;
    std::string calls;
    REQUIRE(answer.candidates.size() == 1);
    for (const auto& part : answer.candidates[0].parts) {
        if (part.begin.kind == answer::PartKind::text) { said += part.text; }
        if (part.begin.kind == answer::PartKind::reasoning) { thought += part.text; }
        if (part.begin.kind == answer::PartKind::tool_call) { calls += part.begin.call.name + part.text; }
    }
    CHECK(said == text);
    CHECK(thought == thinking);
    REQUIRE(answer.usage);
    CHECK(output == answer.usage->counts.output);
    CHECK(calls.empty() == (lines.find("tool_calls") == std::string::npos));
    const auto reason = answer.candidates[0].finish->reason;
    CHECK(reason == (calls.empty() ? answer::StopReason::end_turn : answer::StopReason::tool_use));
    CHECK_FALSE(answer.begin.model.empty());
    CHECK(answer.begin.created_s > 1'700'000'000);
}

}  // namespace

TEST_SUITE("codec/ollama-chat/fixtures") {
    TEST_CASE("recorded answers and errors of Ollama's own API are read") {
        std::map<std::string, int> read;
        std::map<std::string, int> all;
        for (const auto& dir : recorded_of("ollama")) {
            CAPTURE(dir.string());
            const auto api = dir.parent_path().filename().string();
            ++all[api];
            if (not_conversations().contains(api)) { continue; }
            if (api == "errors") {
                const auto error = ollama().decode_error(404, read_file(dir / "response.json"));
                CHECK(error.error_class == ErrorClass::not_found);
                CHECK_FALSE(error.message.empty());
                ++read[api];
                continue;
            }
            const auto events = events_of(dir);
            CHECK(grammar_fault(events) == "");
            REQUIRE(!events.empty());
            CHECK(std::holds_alternative<answer::End>(events.back()));
            compare(dir, assemble(events));
            ++read[api];
        }
        if (all.empty()) { return; }
        std::string text = "\n";
        for (const auto& [api, count] : all) {
            const auto why = not_conversations().find(api);
            text += why != not_conversations().end()
                        ? fmt::format("ollama {:16} {} not read: {}\n", api, count, why->second)
                        : fmt::format("ollama {:16} {} of {}\n", api, read[api], count);
        }
        TELL(text);
        CHECK(read["api-chat"] == all["api-chat"]);
        CHECK(read["api-generate"] == all["api-generate"]);
    }
}
