// Recorded Messages traffic through the codec and back: what comes out says what went in. Skipped where the recordings
// are not there.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/dialects/anthropic/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const Codec& codec() {
    return wire::anthropic_codec();
}

std::vector<fs::path> dirs_in(const fs::path& root) {
    std::vector<fs::path> dirs;
    if (!fs::exists(root)) { return dirs; }
    for (const auto& entry : fs::directory_iterator(root)) {
        if (entry.is_directory()) { dirs.push_back(entry.path()); }
    }
    std::ranges::sort(dirs);
    return dirs;
}

std::vector<fs::path> cases() {
    auto dirs = dirs_in(fixtures_dir() / "anthropic/messages");
    if (dirs.empty()) { TELL("no recordings at " << fixtures_dir().string() << ": skipped"); }
    return dirs;
}

// The recorded stream, "" when there is none. Sources that kept only the data lose the framing: it is put back. Some of
// those hold several answers one after the other; the first is taken.
std::string stream_of(const fs::path& dir) {
    if (fs::exists(dir / "stream.sse")) { return read_file(dir / "stream.sse"); }
    if (!fs::exists(dir / "stream.chunks.txt")) { return {}; }
    std::istringstream lines(read_file(dir / "stream.chunks.txt"));
    std::string out;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) { continue; }
        const std::string type = Json::parse(line).value("type", "");
        out += "event: " + type + "\ndata: " + line + "\n\n";
        if (type == "message_stop") { break; }
    }
    return out;
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "call-1";
    wishes.model = "asked-for";
    return wishes;
}

// What must be the same after a trip. Billing passes are the log's business, and cannot be said.
std::string text_of_answer(const std::vector<AnswerEvent>& events) {
    WholeAnswer answer = assemble(events);
    if (answer.usage) {
        answer.usage->iterations.clear();
        answer.usage->speed.clear();
        auto& counts = answer.usage->counts;
        if (!counts.input) { counts.input = 0; }
        if (!counts.output) { counts.output = 0; }
        if (counts.cache_write_1h == 0) { counts.cache_write_1h.reset(); }
    }
    if (!answer.begin.id.starts_with("msg_")) { answer.begin.id = "msg_" + answer.begin.id; }
    if (answer.error) {
        answer.usage.reset();
        answer.error->status = 0;
    }
    for (auto& candidate : answer.candidates) {
        for (auto& part : candidate.parts) {
            if (!part.begin.foreign.raw.empty()) {
                part.begin.foreign.raw = Json::parse(part.begin.foreign.raw).dump();
            }
            for (auto& citation : part.citations) {
                citation.raw = Json::parse(citation.raw).dump();
            }
            // An input without a line end is as good as one with.
            if (part.begin.kind == answer::PartKind::tool_call && Json::accept(part.text)) {
                part.text = Json::parse(part.text).dump();
            }
        }
    }
    // An empty text block says nothing and is not passed on.
    for (auto& candidate : answer.candidates) {
        std::erase_if(candidate.parts, [](const AnswerPart& part) {
            return part.begin.kind == answer::PartKind::text && part.text.empty() && part.citations.empty();
        });
    }
    return whole_text(answer);
}

Json blocks(const Json& content) {
    if (!content.is_string()) { return content; }
    if (content.get<std::string>().empty()) { return Json::array(); }
    return Json::array({{{"type", "text"}, {"text", content}}});
}

// One of the ways this wire has to say the same thing.
Json normal(Json body) {
    if (body.contains("system")) { body["system"] = blocks(body["system"]); }
    if (body.contains("system") && body["system"].empty()) { body.erase("system"); }
    if (body.contains("stream") && body["stream"] == false) { body.erase("stream"); }
    if (body.contains("output_format")) {
        body["output_config"]["format"] = body["output_format"];
        body.erase("output_format");
    }
    Json messages = Json::array();
    for (Json message : body["messages"]) {
        message["content"] = blocks(message["content"]);
        // White space alone is refused as a text.
        const auto blank = [](const Json& block) {
            return block["type"] == "text" &&
                   block["text"].get<std::string>().find_first_not_of(" \n") == std::string::npos;
        };
        Json kept = Json::array();
        std::ranges::copy_if(message["content"], std::back_inserter(kept), std::not_fn(blank));
        message["content"] = kept;
        for (Json& block : message["content"]) {
            if (block["type"] == "text" && block.contains("citations") && block["citations"].is_null()) {
                block.erase("citations");
            }
            if (block["type"] != "tool_result") { continue; }
            if (block.contains("is_error") && block["is_error"] == false) { block.erase("is_error"); }
            if (block.contains("content")) { block["content"] = blocks(block["content"]); }
            if (block.contains("content") && block["content"].empty()) { block.erase("content"); }
        }
        if (!messages.empty() && messages.back()["role"] == message["role"] && message["role"] != "system") {
            for (const Json& block : message["content"]) {
                messages.back()["content"].push_back(block);
            }
        } else {
            messages.push_back(message);
        }
    }
    body["messages"] = messages;
    return body;
}

// "" when the request comes back as it was.
std::string request_difference(const std::string& body) {
    const auto request = codec().decode_request(body);
    if (!request) { return "not read: " + request.error().message; }
    TargetTraits target;
    target.model = request->model;
    target.system_in_messages = true;
    Drops drops;
    // Only a body for count_tokens has no max_tokens.
    const bool counts = !request->max_tokens.has_value();
    const auto encoded = counts ? wire::anthropic_codec().encode_count_request(*request, target, drops)
                                : codec().encode_request(*request, target, drops);
    if (!encoded) { return "not written: " + encoded.error().message; }
    if (!drops.empty()) { return "dropped: " + drops_text(drops); }
    const Json before = normal(Json::parse(body));
    const Json after = normal(Json::parse(encoded->body));
    return before == after ? "" : Json::diff(before, after).dump(1);
}

}  // namespace

TEST_SUITE("codec/anthropic/fixtures") {
    TEST_CASE("recorded streams: read, written, read again") {
        int streams = 0;
        int same = 0;
        for (const auto& dir : cases()) {
            const std::string stream = stream_of(dir);
            if (stream.empty()) { continue; }
            ++streams;
            CAPTURE(dir.filename().string());
            const auto events = read_answer(codec(), stream, stream.size());
            CHECK(grammar_fault(events) == "");
            const std::string said = events_text(events);
            for (const std::size_t size : {1, 7, 1000}) {
                CHECK(events_text(read_answer(codec(), stream, size)) == said);
            }
            Drops drops;
            const std::string written = write_answer(codec(), events, wishes(), drops);
            CHECK(drops_text(drops) == "");
            CHECK(stream_fault(codec(), written) == "");
            const auto again = read_answer(codec(), written, written.size());
            CHECK(grammar_fault(again) == "");
            CHECK(text_of_answer(again) == text_of_answer(events));
            same += text_of_answer(again) == text_of_answer(events) ? 1 : 0;
        }
        if (streams > 0) { TELL(same << " of " << streams << " recorded streams come back the same"); }
    }

    TEST_CASE("recorded streams: the validator takes what the provider itself sends") {
        int streams = 0;
        int taken = 0;
        for (const auto& dir : cases()) {
            const std::string stream = stream_of(dir);
            if (stream.empty()) { continue; }
            ++streams;
            const std::string name = dir.filename().string();
            const std::string fault = stream_fault(codec(), stream);
            taken += fault.empty() ? 1 : 0;
            CAPTURE(name);
            // Broken on purpose, and servers that put a whole answer into message_start.
            const bool odd = name == "va-duplicate-message-start.stream" || name == "va-spliced-message-start.stream";
            CHECK((fault.empty() || odd) == true);
            if (!fault.empty()) { TELL(name << ": " << fault.substr(0, 200)); }
        }
        if (streams > 0) { TELL(taken << " of " << streams << " recorded streams pass"); }
    }

    TEST_CASE("recorded answers: read, written whole and as a stream, read again") {
        int answers = 0;
        int same = 0;
        for (const auto& dir : cases()) {
            if (!fs::exists(dir / "response.json")) { continue; }
            const std::string body = read_file(dir / "response.json");
            std::vector<AnswerEvent> events;
            CAPTURE(dir.filename().string());
            if (Json::parse(body).value("type", "") != "message") {
                CHECK_FALSE(codec().decode_answer(body, events));
                continue;
            }
            // Five answers that their source joined into one, with calls that were all answered in between.
            if (dir.filename() == "va-anthropic-programmatic-tool-calling.1") { continue; }
            ++answers;
            REQUIRE(codec().decode_answer(body, events));
            CHECK(grammar_fault(events) == "");
            Drops drops;
            const std::string written = codec().encode_answer(events, wishes(), drops);
            CHECK(Json::accept(written));
            std::vector<AnswerEvent> again;
            REQUIRE(codec().decode_answer(written, again));
            CHECK(text_of_answer(again) == text_of_answer(events));
            const std::string stream = write_answer(codec(), events, wishes(), drops);
            CHECK(stream_fault(codec(), stream) == "");
            const auto streamed = read_answer(codec(), stream, stream.size());
            CHECK(text_of_answer(streamed) == text_of_answer(events));
            CHECK(drops_text(drops) == "");
            same += text_of_answer(streamed) == text_of_answer(events) ? 1 : 0;
        }
        if (answers > 0) { TELL(same << " of " << answers << " recorded answers come back the same"); }
    }

    TEST_CASE("recorded requests come back as they were") {
        int requests = 0;
        int same = 0;
        for (const char* api : {"anthropic/messages", "anthropic/count_tokens", "agents/requests"}) {
            for (const auto& dir : dirs_in(fixtures_dir() / api)) {
                if (!fs::exists(dir / "request.json") || dir.filename() == "codex-responses") { continue; }
                // Refused by the provider for an effort its model does not know: that one is lowered, and noted.
                if (dir.filename() == "pa-anthropic_explicit_effort_xhigh_unsupported_model_errors") { continue; }
                ++requests;
                CAPTURE(dir.string());
                const std::string difference = request_difference(read_file(dir / "request.json"));
                CHECK(difference == "");
                same += difference.empty() ? 1 : 0;
            }
        }
        if (requests > 0) { TELL(same << " of " << requests << " recorded requests come back the same"); }
    }

    TEST_CASE("requests of a real Claude Code come back as they were") {
        int requests = 0;
        const fs::path agents = fixtures_dir().parent_path() / "agents";
        for (const char* agent : {"claude-code", "opencode"}) {
            if (!fs::exists(agents / agent)) { continue; }
            for (const auto& entry : fs::directory_iterator(agents / agent)) {
                const Json recorded = Json::parse(read_file(entry.path()), nullptr, false);
                if (recorded.is_discarded() || !recorded.contains("body")) { continue; }
                if (recorded.value("path", "").find("/v1/messages") == std::string::npos) { continue; }
                Json body = recorded["body"];
                if (body.is_string()) { body = Json::parse(body.get<std::string>(), nullptr, false); }
                if (!body.is_object()) { continue; }
                ++requests;
                CAPTURE(entry.path().filename().string());
                CHECK(request_difference(body.dump()) == "");
            }
        }
        if (requests > 0) { TELL(requests << " requests"); }
    }
}
