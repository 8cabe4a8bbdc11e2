// Walks recorded Responses traffic and recorded requests of agents, when they are there: what is read and written again
// is the same to whoever reads it.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/dialects/openai_responses/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const wire::OpenAiResponsesCodec codec;

std::vector<fs::path> case_dirs() {
    std::vector<fs::path> dirs;
    if (!fs::exists(fixtures_dir())) {
        TELL("no recorded provider data at " << fixtures_dir().string() << ": skipped");
        return dirs;
    }
    for (const auto& host : fs::directory_iterator(fixtures_dir())) {
        const fs::path api = host.path() / "responses";
        if (!fs::is_directory(api)) { continue; }
        for (const auto& entry : fs::directory_iterator(api)) {
            // Filed under responses, but a Chat recording.
            if (entry.path().string().find("va-azure-deepseek-reasoning") != std::string::npos) { continue; }
            dirs.push_back(entry.path());
        }
    }
    std::ranges::sort(dirs);
    return dirs;
}

std::string stream_of(const fs::path& dir) {
    if (fs::exists(dir / "stream.sse")) { return read_file(dir / "stream.sse"); }
    const std::string lines = read_file(dir / "stream.chunks.txt");
    std::string out;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        if (end > at) {
            const std::string data = lines.substr(at, end - at);
            out += "event: " + json::parse(data).value("type", "") + "\ndata: " + data + "\n\n";
        }
        at = end + 1;
    }
    return out;
}

// What a client of this dialect is told about: not the bill, which is the log's.
std::string told(WholeAnswer answer) {
    if (answer.usage) { answer.usage->reported_cost_nano.reset(); }
    // The wire's own word is none of the client's business.
    if (auto& finish = answer.candidates.front().finish) { finish->word.clear(); }
    for (auto& part : answer.candidates.front().parts) {
        if (part.begin.call.name == "tool_search") { part.text = json::parse(part.text).dump(); }
        if (auto& raw = part.begin.foreign.raw; !raw.empty()) { raw = json::parse(raw).dump(); }
        for (auto& raw : part.logprobs) {
            raw = json::parse(raw).dump();
        }
        for (auto& citation : part.citations) {
            citation.raw = json::parse(citation.raw).dump();
        }
    }
    return whole_text(answer);
}

// What is the same to the provider however it is written: a string or one part of text, what is null or empty, the
// type of a message, and what says nothing in input (status, logprobs).
json normal(json body) {
    const auto text_part = [](const std::string& role, const json& text) {
        return json::array({{{"type", role == "assistant" ? "output_text" : "input_text"}, {"text", text}}});
    };
    if (body.contains("input") && body["input"].is_string()) {
        body["input"] = json::array({{{"role", "user"}, {"content", body["input"]}}});
    }
    if (body.contains("include")) { std::sort(body["include"].begin(), body["include"].end()); }
    if (body.value("stream", true) == false) { body.erase("stream"); }
    if (body.contains("instructions") && (body["instructions"].is_null() || body["instructions"] == "")) {
        body.erase("instructions");
    }
    // What the system says first is its instructions.
    json& items = body["input"];
    const json first = items.empty() ? json::object() : items.front();
    if (!body.contains("instructions") && !first.contains("id") && first.value("role", "") == "system") {
        body["instructions"] = first["content"];
        items.erase(0);
    }
    if (body.contains("reasoning")) {
        std::erase_if(body["reasoning"].get_ref<json::object_t&>(), [](const auto& m) { return m.second.is_null(); });
    }
    for (auto& item : body["input"]) {
        if (!item.contains("type")) { item["type"] = "message"; }
        const std::string role = item.value("role", "");
        if (item.contains("content") && item["content"].is_string()) {
            item["content"] = text_part(role, item["content"]);
        }
        if (item.contains("output") && item["output"].is_string()) {
            item["output"] = text_part("user", item["output"]);
        }
        const std::string type = item["type"];
        const bool read = type == "message" || type == "reasoning" || type.starts_with("function_call") ||
                          type.starts_with("custom_tool_call") || type.starts_with("tool_search");
        if (!read) { continue; }
        if (!(type.starts_with("tool_search") && item.value("execution", "") == "server")) { item.erase("status"); }
        for (const char* key : {"content", "encrypted_content", "id"}) {
            if (item.contains(key) && item[key].is_null()) { item.erase(key); }
        }
        if (item.contains("content")) {
            if (type == "reasoning" && item["content"].empty()) { item.erase("content"); }
            for (auto& part : item["content"]) {
                part.erase("logprobs");
                if (part.contains("annotations") && part["annotations"].empty()) { part.erase("annotations"); }
            }
        }
    }
    std::erase_if(body.get_ref<json::object_t&>(), [](const auto& member) {
        return member.second.is_null() || (member.second.is_array() && member.second.empty());
    });
    return body;
}

struct Tally {
    int same = 0;
    int all = 0;
    void add(bool good) {
        ++all;
        same += good ? 1 : 0;
    }
};

// Reads and writes a request; whether the result is the same request.
bool request_returns(const std::string& body) {
    auto request = codec.decode_request(body);
    if (!request) {
        TELL(request.error().message);
        return false;
    }
    Drops drops;
    TargetTraits target;
    target.model = request->model;
    const auto encoded = codec.encode_request(*request, target, drops);
    REQUIRE(encoded);
    CHECK(drops_text(drops) == "");
    auto again = codec.decode_request(encoded->body);
    REQUIRE(again);
    // Members nobody knows stand in the body's order.
    std::ranges::sort(request->extras);
    std::ranges::sort(again->extras);
    CHECK(request_text(*again) == request_text(*request));
    json before = normal(json::parse(body));
    json after = normal(json::parse(encoded->body));
    if (before == after) { return true; }
    // A result that stood elsewhere is right behind its call now.
    std::sort(before["input"].begin(), before["input"].end());
    std::sort(after["input"].begin(), after["input"].end());
    CHECK(json::diff(before, after).dump(1) == "[]");
    TELL("items have moved");
    return before == after;
}

}  // namespace

TEST_SUITE("codec/responses/fixtures") {
    TEST_CASE("recorded streams: read by the grammar, written again as a valid stream that says the same") {
        Tally tally;
        int valid = 0;
        for (const auto& dir : case_dirs()) {
            const std::string stream = stream_of(dir);
            if (stream.empty()) { continue; }
            CAPTURE(dir.string());
            const auto events = read_answer(codec, stream, stream.size());
            const std::string fault = grammar_fault(events);
            CHECK(fault == "");
            for (const std::size_t size : {1, 7, 1000}) {
                CHECK(events_text(read_answer(codec, stream, size)) == events_text(events));
            }
            valid += stream_fault(codec, stream).empty() ? 1 : 0;
            Drops drops;
            AnswerWishes wishes;
            const std::string written = write_answer(codec, events, wishes, drops);
            const bool ended = !events.empty() && std::holds_alternative<answer::End>(events.back());
            if (ended) { CHECK(stream_fault(codec, written) == ""); }
            CHECK(drops_text(drops) == "");
            const auto again = read_answer(codec, written, written.size());
            CHECK(told(assemble(again)) == told(assemble(events)));
            tally.add(fault.empty() && told(assemble(again)) == told(assemble(events)));
            if (!ended) { TELL(dir.string() << " has no end"); }
        }
        if (tally.all > 0) {
            TELL(tally.same << " of " << tally.all << " streams come back; the validator takes " << valid
                            << " of them as they were recorded");
        }
    }

    TEST_CASE("recorded answers: written again they say the same, and so does a stream made of them") {
        Tally tally;
        for (const auto& dir : case_dirs()) {
            if (!fs::exists(dir / "response.json")) { continue; }
            CAPTURE(dir.string());
            const std::string body = read_file(dir / "response.json");
            std::vector<AnswerEvent> events;
            const bool is_answer = codec.decode_answer(body, events);
            CHECK(is_answer == (json::parse(body).value("object", "") == "response"));
            if (!is_answer) { continue; }
            // Of a background task there is no answer yet.
            const std::string status = json::parse(body)["status"];
            if (status == "queued" || status == "in_progress") { continue; }
            CHECK(grammar_fault(events) == "");
            Drops drops;
            const AnswerWishes wishes;
            std::vector<AnswerEvent> whole;
            REQUIRE(codec.decode_answer(codec.encode_answer(events, wishes, drops), whole));
            CHECK(told(assemble(whole)) == told(assemble(events)));
            const std::string written = write_answer(codec, events, wishes, drops);
            CHECK(stream_fault(codec, written) == "");
            CHECK(told(assemble(read_answer(codec, written, written.size()))) == told(assemble(events)));
            CHECK(drops_text(drops) == "");
            tally.add(told(assemble(whole)) == told(assemble(events)));
        }
        if (tally.all > 0) { TELL(tally.same << " of " << tally.all << " answers come back"); }
    }

    TEST_CASE("recorded requests come back") {
        Tally tally;
        for (const auto& dir : case_dirs()) {
            if (!fs::exists(dir / "request.json")) { continue; }
            CAPTURE(dir.string());
            tally.add(request_returns(read_file(dir / "request.json")));
        }
        if (tally.all > 0) { TELL(tally.same << " of " << tally.all << " requests come back"); }
    }

    TEST_CASE("requests of agents come back") {
        Tally tally;
        std::vector<fs::path> files;
        const fs::path agents = fixtures_dir().parent_path() / "agents";
        for (const char* agent : {"codex", "opencode"}) {
            if (!fs::exists(agents / agent)) { continue; }
            for (const auto& entry : fs::directory_iterator(agents / agent)) {
                files.push_back(entry.path());
            }
        }
        const fs::path assembled = fixtures_dir() / "agents/requests/codex-responses/request.json";
        std::ranges::sort(files);
        for (const auto& file : files) {
            const json recorded = json::parse(read_file(file));
            const std::string path = recorded.value("path", "");
            const bool posted =
                path.ends_with("/responses") && recorded.contains("body") && recorded["body"].is_object();
            if (!posted || !recorded["body"].contains("input")) { continue; }
            CAPTURE(file.string());
            tally.add(request_returns(recorded["body"].dump()));
        }
        if (fs::exists(assembled)) { tally.add(request_returns(read_file(assembled))); }
        if (tally.all > 0) { TELL(tally.same << " of " << tally.all << " agents' requests come back"); }
    }
}
