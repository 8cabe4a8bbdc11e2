// Recorded Bedrock traffic: answers and streams read without loss, at every cut. Skipped where the recordings are not
// there.
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/bedrock/framing.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const Dialect& converse() {
    return dialects().get(DialectId::bedrock_converse);
}

std::vector<fs::path> dirs_in(const std::string& below) {
    std::vector<fs::path> dirs;
    const auto root = fixtures_dir() / below;
    if (!fs::exists(root)) {
        TELL("no recordings at " << root.string() << ": skipped");
        return dirs;
    }
    for (const auto& entry : fs::directory_iterator(root)) {
        if (entry.is_directory()) { dirs.push_back(entry.path()); }
    }
    std::ranges::sort(dirs);
    return dirs;
}

// Through the framing in pieces, as SSE text.
Result<std::string> framed(DialectId dialect, const std::string& bytes, std::size_t piece_bytes) {
    const auto framing = bedrock::framing(dialect, "application/vnd.amazon.eventstream");
    std::string sse;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        if (auto read = framing->feed(bytes.substr(at, piece_bytes), sse); !read) {
            return std::unexpected(read.error());
        }
    }
    if (auto ended = framing->finish(sse); !ended) { return std::unexpected(ended.error()); }
    return sse;
}

// The recorded stream as server-sent events; where the source kept the payloads only, their names are put back.
std::string stream_of(const fs::path& dir) {
    if (fs::exists(dir / "stream.eventstream.bin")) {
        const auto bytes = read_file(dir / "stream.eventstream.bin");
        return framed(DialectId::bedrock_converse, bytes, bytes.size()).value_or("");
    }
    std::istringstream lines(read_file(dir / "stream.chunks.txt"));
    std::string out;
    for (std::string line; std::getline(lines, line);) {
        const auto event = Json::parse(line, nullptr, false);
        if (!event.is_object() || event.empty()) { continue; }
        out += "event: " + event.begin().key() + "\ndata: " + event.begin().value().dump() + "\n\n";
    }
    return out;
}

// Each text of an answer, of its calls and its thoughts, from the wire's own JSON.
struct Content {
    std::string text;
    std::string thought;
    std::string seals;
    std::vector<std::string> calls;
    std::size_t foreign = 0;
    bool operator==(const Content&) const = default;
};

void add_thought(const Json& reasoning, Content& out) {
    out.thought += reasoning.value("text", "");
    out.seals += reasoning.value("signature", "") + reasoning.value("redactedContent", "");
}

Content content_of(const Json& blocks) {
    Content out;
    for (const auto& block : blocks) {
        if (block.contains("text")) { out.text += block["text"]; }
        if (block.contains("reasoningContent")) {
            const auto& reasoning = block["reasoningContent"];
            add_thought(reasoning, out);
            if (reasoning.contains("reasoningText")) { add_thought(reasoning["reasoningText"], out); }
        }
        if (block.contains("toolResult")) { ++out.foreign; }
        if (!block.contains("toolUse")) { continue; }
        const auto& call = block["toolUse"];
        if (call.value("type", "") == "server_tool_use") {
            ++out.foreign;
        } else {
            out.calls.push_back(call["toolUseId"].get<std::string>() + " " + call["name"].get<std::string>() + " " +
                                call["input"].dump());
        }
    }
    return out;
}

Content content_of(const WholeAnswer& answer) {
    Content out;
    for (const auto& part : answer.candidates.at(0).parts) {
        switch (part.begin.kind) {
            case answer::PartKind::text: out.text += part.text; break;
            case answer::PartKind::tool_call:
                out.calls.push_back(part.begin.call.id + " " + part.begin.call.name + " " +
                                    Json::parse(part.text.empty() ? "{}" : part.text).dump());
                break;
            case answer::PartKind::reasoning:
                for (const auto& summary : part.summary) {
                    out.thought += summary;
                }
                out.seals += part.sealed.data;
                break;
            default: ++out.foreign; break;
        }
    }
    return out;
}

// A stream's blocks put together from its payloads, by this test's own rule: by index.
Json blocks_of(const std::string& sse) {
    std::map<int, Json> blocks;
    SseFramer framer;
    for (const auto& event : framer.feed(sse)) {
        const auto data = Json::parse(event.data);
        const int index = data.value("contentBlockIndex", 0);
        if (event.name == "contentBlockStart") { blocks[index] = data["start"]; }
        if (event.name != "contentBlockDelta") { continue; }
        auto& block = blocks.try_emplace(index, Json::object()).first->second;
        const auto& delta = data["delta"];
        if (delta.contains("text")) { block["text"] = block.value("text", "") + delta["text"].get<std::string>(); }
        if (delta.contains("toolUse")) {
            auto& call = block.emplace("toolUse", Json::object()).first.value();
            call["input"] = call.value("input", "") + delta["toolUse"]["input"].get<std::string>();
        }
        if (delta.contains("reasoningContent")) {
            for (const auto& [key, value] : delta["reasoningContent"].items()) {
                auto& whole = block.emplace("reasoningContent", Json::object()).first.value();
                whole[key] = whole.value(key, "") + value.get<std::string>();
            }
        }
    }
    Json list = Json::array();
    for (auto& [index, block] : blocks) {
        if (block.contains("toolUse")) {
            auto& input = block["toolUse"]["input"];
            input = input.is_string() && input != "" ? Json::parse(input.get<std::string>()) : Json::object();
        }
        list.push_back(block);
    }
    return list;
}

}  // namespace

TEST_SUITE("codec/bedrock-converse/fixtures") {
    TEST_CASE("whole answers: read without loss; errors by their class") {
        int answers = 0;
        int errors = 0;
        const auto dirs = dirs_in("bedrock/converse");
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const auto body = read_file(dir / "response.json");
            const auto status = Json::parse(read_file(dir / "meta.json")).at("status").get<int>();
            if (status != 200) {
                const auto error = converse().decode_error(status, body);
                CHECK((error.error_class == ErrorClass::bad_request || error.error_class == ErrorClass::not_found));
                CHECK(error.message == Json::parse(body)["message"]);
                ++errors;
                continue;
            }
            std::vector<AnswerEvent> events;
            REQUIRE(converse().codec()->decode_answer(body, events));
            CHECK(grammar_fault(events) == "");
            const auto wire = Json::parse(body);
            const auto answer = assemble(events);
            CHECK(content_of(answer) == content_of(wire["output"]["message"]["content"]));
            REQUIRE(answer.candidates[0].finish);
            CHECK(answer.candidates[0].finish->word == wire["stopReason"]);
            CHECK(answer.candidates[0].finish->reason != answer::StopReason::other);
            REQUIRE(answer.usage);
            const auto& usage = wire["usage"];
            const auto& counts = answer.usage->counts;
            CHECK(counts.prompt_total() + counts.output.value_or(0) == usage["totalTokens"].get<std::int64_t>());
            CHECK(counts.cache_read.value_or(0) == usage.value("cacheReadInputTokens", 0));
            CHECK(counts.cache_write_5m.value_or(0) == usage.value("cacheWriteInputTokens", 0));
            const auto logged = converse().decode_response(body);
            CHECK(logged.finish_reason == wire["stopReason"]);
            REQUIRE(logged.usage);
            CHECK(*logged.usage == *answer.usage);
            ++answers;
        }
        TELL("bedrock/converse: " << answers << " answers and " << errors << " errors of " << dirs.size());
    }

    TEST_CASE("streams: read without loss, cut at every place") {
        int passed = 0;
        const auto dirs = dirs_in("bedrock/converse-stream");
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            if (fs::exists(dir / "response.json")) {
                const auto error = converse().decode_error(400, read_file(dir / "response.json"));
                CHECK(error.error_class == ErrorClass::not_found);
                ++passed;
                continue;
            }
            const auto sse = stream_of(dir);
            REQUIRE(!sse.empty());
            const auto events = read_answer(*converse().codec(), sse, sse.size());
            CHECK(grammar_fault(events) == "");
            const auto answer = assemble(events);
            CHECK(content_of(answer) == content_of(blocks_of(sse)));
            CHECK(!answer.error);
            REQUIRE(answer.candidates[0].finish);
            CHECK(answer.candidates[0].finish->reason != answer::StopReason::other);
            // Some sources left the last event out.
            CHECK(answer.usage.has_value() == sse.contains("event: metadata"));
            CHECK(std::holds_alternative<answer::End>(events.back()));
            if (fs::exists(dir / "stream.eventstream.bin")) {
                const auto bytes = read_file(dir / "stream.eventstream.bin");
                for (std::size_t piece = 1; piece < bytes.size(); piece = piece < 300 ? piece + 1 : piece * 2) {
                    REQUIRE(framed(DialectId::bedrock_converse, bytes, piece).value_or("") == sse);
                }
            }
            ++passed;
        }
        TELL("bedrock/converse-stream: " << passed << " of " << dirs.size());
    }

    TEST_CASE("InvokeModel: Claude's answers are Anthropic's own; streams of other models hold no event of it") {
        const auto& anthropic = dialects().get(DialectId::anthropic);
        int claude = 0;
        int others = 0;
        const auto dirs = dirs_in("bedrock/invoke");
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const auto body = read_file(dir / "response.json");
            std::vector<AnswerEvent> events;
            // Claude 2's text completions and Nova's own format are not asked for.
            if (!Json::parse(body).contains("content")) {
                CHECK_FALSE(anthropic.codec()->decode_answer(body, events));
                ++others;
                continue;
            }
            REQUIRE(anthropic.codec()->decode_answer(body, events));
            CHECK(grammar_fault(events) == "");
            CHECK(anthropic.decode_response(body).usage.has_value());
            ++claude;
        }
        TELL("bedrock/invoke: " << claude << " of Claude's and " << others << " others of " << dirs.size());
        int streams = 0;
        for (const auto& dir : dirs_in("bedrock/invoke-stream")) {
            CAPTURE(dir.string());
            const auto bytes = read_file(dir / "stream.eventstream.bin");
            const auto sse = framed(DialectId::anthropic, bytes, 7);
            REQUIRE(sse);
            CHECK(sse->empty());
            ++streams;
        }
        TELL("bedrock/invoke-stream: " << streams << " framed");
    }

    TEST_CASE("errors: an exception in mid-stream, a broken frame; tokens counted") {
        const auto throttled =
            read_file(fixtures_dir() / "bedrock/errors/200-midstream-throttling-exception/stream.eventstream.bin");
        for (std::size_t piece = 1; piece <= throttled.size(); ++piece) {
            const auto sse = framed(DialectId::bedrock_converse, throttled, piece);
            REQUIRE(sse);
            const auto answer = assemble(read_answer(*converse().codec(), *sse, 11));
            REQUIRE(answer.error);
            CHECK(answer.error->error_class == ErrorClass::rate_limit);
            CHECK(answer.error->status == 429);
            CHECK(answer.error->message == "Too many tokens, please wait before trying again.");
        }
        const auto corrupt = read_file(fixtures_dir() / "bedrock/errors/corrupt-frame-crc/stream.eventstream.bin");
        for (std::size_t piece = 1; piece <= corrupt.size(); ++piece) {
            const auto sse = framed(DialectId::bedrock_converse, corrupt, piece);
            REQUIRE_FALSE(sse);
            CHECK(sse.error().kind == ErrorKind::upstream);
        }
        int counts = 0;
        for (const auto& dir : dirs_in("bedrock/count-tokens")) {
            const auto body = Json::parse(read_file(dir / "response.json"));
            counts += body.contains("inputTokens") || body.contains("message") ? 1 : 0;
        }
        if (!throttled.empty()) { CHECK(counts == 5); }
    }

    TEST_CASE("Mantle speaks OpenAI's dialects") {
        int passed = 0;
        for (const auto& [below, id] : {std::pair{"bedrock-mantle/chat", DialectId::openai_chat},
                                        std::pair{"bedrock-mantle/responses", DialectId::openai_responses}}) {
            const auto& codec = *dialects().get(id).codec();
            for (const auto& dir : dirs_in(below)) {
                CAPTURE(dir.string());
                std::vector<AnswerEvent> events;
                if (fs::exists(dir / "stream.sse")) {
                    events = read_answer(codec, read_file(dir / "stream.sse"), 13);
                } else {
                    REQUIRE(codec.decode_answer(read_file(dir / "response.json"), events));
                }
                CHECK(grammar_fault(events) == "");
                CHECK(assemble(events).usage.has_value());
                REQUIRE(codec.decode_request(read_file(dir / "request.json")));
                ++passed;
            }
        }
        TELL("bedrock-mantle: " << passed << " of 10");
    }
}
