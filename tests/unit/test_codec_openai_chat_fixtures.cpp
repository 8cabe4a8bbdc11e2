// The recorded answers and requests of the hosts that speak Chat Completions, next to the source tree, when they are
// there: what is decoded is what the bytes say (read here a second way, as a JSON tree), and written again it says the
// same.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/dialect/whole_answer.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const wire::OpenAiChatCodec codec;

std::vector<fs::path> case_dirs() {
    std::vector<fs::path> found;
    if (!fs::exists(fixtures_dir())) {
        TELL("no recorded provider data at " << fixtures_dir().string() << ": skipped");
        return found;
    }
    for (const auto& host : fs::directory_iterator(fixtures_dir())) {
        for (const char* api : {"chat", "openai-chat"}) {
            if (!fs::is_directory(host.path() / api)) { continue; }
            for (const auto& entry : fs::directory_iterator(host.path() / api)) {
                found.push_back(entry.path());
            }
        }
    }
    std::ranges::sort(found);
    return found;
}

std::string stream_of(const fs::path& dir) {
    if (fs::exists(dir / "stream.sse")) { return read_file(dir / "stream.sse"); }
    if (!fs::exists(dir / "stream.chunks.txt")) { return {}; }
    std::string out;
    std::ifstream lines(dir / "stream.chunks.txt");
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) { out += "data: " + line + "\n\n"; }
    }
    return out;
}

// What an answer says, without how it is cut into parts.
struct Said {
    std::string text;
    std::string reasoning;
    std::string refusal;
    std::map<std::string, std::string> calls;  // by place: name and arguments
    bool operator==(const Said&) const = default;
};

std::string show(const Said& said) {
    std::string out = fmt::format("text {}\nreasoning {}\nrefusal {}\n", said.text, said.reasoning, said.refusal);
    for (const auto& [place, call] : said.calls) {
        out += place + " " + call + "\n";
    }
    return out;
}

std::vector<Said> said_by(const WholeAnswer& answer) {
    std::vector<Said> all;
    for (const auto& candidate : answer.candidates) {
        Said said;
        for (const auto& part : candidate.parts) {
            switch (part.begin.kind) {
                case answer::PartKind::text: said.text += part.text; break;
                case answer::PartKind::reasoning: said.reasoning += part.text; break;
                case answer::PartKind::refusal: said.refusal += part.text; break;
                case answer::PartKind::tool_call:
                    said.calls[std::to_string(said.calls.size())] = part.begin.call.name + " " + part.text;
                    break;
                default: break;
            }
        }
        all.push_back(std::move(said));
    }
    return all;
}

std::string string_in(const json& object, const char* key) {
    return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string();
}

// Reads one delta or message as a tree.
void add_message(const json& message, Said& said, std::map<std::int64_t, std::pair<std::string, std::string>>& calls) {
    const std::string reasoning = string_in(message, "reasoning_content");
    said.reasoning += reasoning.empty() ? string_in(message, "reasoning") : reasoning;
    // Snowflake says it in the details alone.
    if (said.reasoning.empty() && message.contains("reasoning_details")) {
        for (const auto& detail : message["reasoning_details"]) {
            said.reasoning += string_in(detail, "text") + string_in(detail, "summary");
        }
    }
    said.text += string_in(message, "content");
    if (message.contains("content") && message["content"].is_array()) {
        for (const auto& part : message["content"]) {
            said.text += string_in(part, "text");
            if (!part.contains("thinking")) { continue; }
            for (const auto& thought : part["thinking"]) {
                said.reasoning += string_in(thought, "text");
            }
        }
    }
    said.refusal += string_in(message, "refusal");
    const auto add = [&](std::int64_t place, const json& function) {
        auto& [name, arguments] = calls[place];
        if (name.empty()) { name = string_in(function, "name"); }
        arguments += string_in(function, "arguments");
    };
    if (message.contains("tool_calls") && message["tool_calls"].is_array()) {
        std::int64_t place = 0;
        for (const auto& call : message["tool_calls"]) {
            add(call.value("index", place++), call["function"]);
        }
    }
    if (message.contains("function_call") && message["function_call"].is_object()) {
        if (!string_in(message["function_call"], "name").empty() || !calls.empty()) {
            add(0, message["function_call"]);
        }
    }
}

std::vector<Said> said_in(const std::vector<json>& chunks) {
    std::map<std::int64_t, Said> all;
    std::map<std::int64_t, std::map<std::int64_t, std::pair<std::string, std::string>>> calls;
    for (const auto& chunk : chunks) {
        if (!chunk.contains("choices") || !chunk["choices"].is_array()) { continue; }
        for (const auto& choice : chunk["choices"]) {
            const std::int64_t index = choice.value("index", 0);
            const json& message = choice.contains("delta") ? choice["delta"] : choice["message"];
            add_message(message, all[index], calls[index]);
        }
    }
    std::vector<Said> out;
    for (auto& [index, said] : all) {
        std::size_t place = 0;
        for (const auto& [key, call] : calls[index]) {
            said.calls[std::to_string(place++)] = call.first + " " + call.second;
        }
        out.push_back(said);
    }
    return out;
}

std::vector<json> chunks_of(const std::string& stream) {
    std::vector<json> chunks;
    SseFramer framer;
    for (const auto& sse : framer.feed(stream)) {
        json chunk = json::parse(sse.data, nullptr, false);
        if (chunk.is_object()) { chunks.push_back(std::move(chunk)); }
    }
    return chunks;
}

// What must be the same when an answer was written for a client and read again. Zero-argument calls get their {}.
std::string essence(const WholeAnswer& answer) {
    std::string out;
    for (auto& said : said_by(answer)) {
        for (auto& [place, call] : said.calls) {
            if (call.ends_with(' ')) { call += "{}"; }
        }
        out += show(said);
    }
    for (const auto& candidate : answer.candidates) {
        if (candidate.finish) {
            out += fmt::format("finish {} {}\n", static_cast<int>(candidate.finish->reason),
                               candidate.finish->stop_sequence);
        }
        for (const auto& part : candidate.parts) {
            if (!part.sealed.empty()) { out += "sealed " + json::parse(part.sealed.data).dump() + "\n"; }
            for (const auto& raw : part.logprobs) {
                out += "logprobs " + json::parse(raw).dump() + "\n";
            }
            for (const auto& citation : part.citations) {
                out += fmt::format("cites {} {}\n", citation.url, citation.title);
            }
            if (part.begin.kind == answer::PartKind::tool_call) { out += "call " + part.begin.call.id + "\n"; }
        }
    }
    if (answer.usage) {
        const TokenCounts& counts = answer.usage->counts;
        out += fmt::format("usage {} {} {} {} {}\n", counts.prompt_total(), counts.cache_read.value_or(-1),
                           counts.output.value_or(0), counts.reasoning.value_or(-1), answer.usage->service_tier);
    }
    return out;
}

const ChatRequest client_request;

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "test";
    wishes.model = "asked";
    wishes.stream_usage = true;
    wishes.request = &client_request;
    return wishes;
}

}  // namespace

TEST_SUITE("codec/openai-chat/fixtures") {
    TEST_CASE("streams: decoded as their bytes say, whatever the cuts, and written again to the same") {
        int streams = 0;
        int same = 0;
        for (const auto& dir : case_dirs()) {
            const std::string stream = stream_of(dir);
            if (stream.empty()) { continue; }
            ++streams;
            CAPTURE(dir.string());
            const auto events = read_answer(codec, stream, stream.size());
            REQUIRE(grammar_fault(events) == "");
            const WholeAnswer answer = assemble(events);
            const auto expected = said_in(chunks_of(stream));
            const auto said = said_by(answer);
            REQUIRE(said.size() == std::max<std::size_t>(expected.size(), 1));
            for (std::size_t i = 0; i < expected.size(); ++i) {
                CHECK(show(said[i]) == show(expected[i]));
            }
            const std::string text = events_text(events);
            for (const std::size_t size : {1, 7, 1000}) {
                if (size == 1 && stream.size() > 100'000) { continue; }
                CHECK(events_text(read_answer(codec, stream, size)) == text);
            }
            Drops drops;
            const std::string again = write_answer(codec, events, wishes(), drops);
            CHECK(stream_fault(codec, again) == "");
            const std::string before = essence(answer);
            const std::string after = essence(assemble(read_answer(codec, again, again.size())));
            if (answer.error) {
                CHECK(again.find("\"error\"") != std::string::npos);
                CHECK(again.find("[DONE]") == std::string::npos);
                ++same;
            } else {
                CHECK(before == after);
                same += before == after ? 1 : 0;
            }
        }
        TELL("streams written again to the same: " << same << " of " << streams);
    }

    TEST_CASE("whole answers: decoded as their bytes say, and written again to the same") {
        int answers = 0;
        int same = 0;
        for (const auto& dir : case_dirs()) {
            if (!fs::exists(dir / "response.json")) { continue; }
            const std::string body = read_file(dir / "response.json");
            const json tree = json::parse(body);
            CAPTURE(dir.string());
            std::vector<AnswerEvent> events;
            const bool decoded = codec.decode_answer(body, events);
            REQUIRE(decoded == (tree.contains("choices") || tree.contains("error")));
            if (!decoded) { continue; }
            ++answers;
            REQUIRE(grammar_fault(events) == "");
            const WholeAnswer answer = assemble(events);
            if (answer.error) {
                CHECK_FALSE(answer.error->message.empty());
                ++same;
                continue;
            }
            const auto expected = said_in({tree});
            const auto said = said_by(answer);
            REQUIRE(said.size() == expected.size());
            for (std::size_t i = 0; i < expected.size(); ++i) {
                CHECK(show(said[i]) == show(expected[i]));
            }
            Drops drops;
            const std::string again = codec.encode_answer(events, wishes(), drops);
            std::vector<AnswerEvent> twice;
            REQUIRE(json::accept(again));
            REQUIRE(codec.decode_answer(again, twice));
            CHECK(essence(answer) == essence(assemble(twice)));
            same += essence(answer) == essence(assemble(twice)) ? 1 : 0;
            // As a stream it says the same.
            const std::string stream = write_answer(codec, events, wishes(), drops);
            CHECK(stream_fault(codec, stream) == "");
            CHECK(essence(answer) == essence(assemble(read_answer(codec, stream, stream.size()))));
        }
        TELL("whole answers written again to the same: " << same << " of " << answers);
    }
}

namespace {

// One form for what may be written in two: nulls, text alone as a list, what is the default.
json plain(json value) {
    if (value.is_array()) {
        if (value.size() == 1 && value[0].is_object() && value[0].size() == 2 && value[0].contains("text")) {
            return value[0]["text"];
        }
        for (auto& item : value) {
            item = plain(item);
        }
        return value;
    }
    if (!value.is_object()) { return value; }
    json out = json::object();
    for (const auto& [key, member] : value.items()) {
        const bool empty = member.is_null() || (member.is_array() && member.empty());
        if (!empty) { out[key] = plain(member); }
    }
    return out;
}

json plain_request(const std::string& body) {
    json request = plain(json::parse(body));
    if (request.value("stream", true) == false) { request.erase("stream"); }
    request.erase("stream_options");
    if (request.contains("stop") && request["stop"].is_string()) { request["stop"] = json::array({request["stop"]}); }
    for (auto& message : request["messages"]) {
        if (message.value("content", json("x")) == json("")) { message.erase("content"); }
        for (auto& call : message.value("tool_calls", json::array())) {
            call.erase("index");
        }
        if (!message.contains("tool_calls")) { continue; }
        for (auto& call : message["tool_calls"]) {
            call.erase("index");
        }
    }
    return request;
}

TargetTraits traits_for(const json& request) {
    TargetTraits traits;
    traits.model = request.value("model", "");
    if (request.contains("max_tokens")) { traits.max_tokens_field = "max_tokens"; }
    if (request.contains("reasoning")) { traits.reasoning_back = "reasoning_details"; }
    for (const auto& message : request["messages"]) {
        for (const char* form : {"reasoning_content", "reasoning", "reasoning_details"}) {
            if (message.contains(form) && !message[form].is_null()) { traits.reasoning_back = form; }
        }
        if (message.contains("content") && message["content"].is_array()) {
            for (const auto& part : message["content"]) {
                if (part.is_object() && part.contains("thinking")) { traits.reasoning_back = "thinking_parts"; }
                if (part.is_object() && part.contains("prompt_cache_breakpoint")) {
                    traits.cache_marks = "prompt_cache_breakpoint";
                }
            }
        }
    }
    return traits;
}

int compare_request(const std::string& body, const std::string& name, std::set<std::string>& differing) {
    const json tree = json::parse(body);
    const auto request = codec.decode_request(body);
    REQUIRE_MESSAGE(request.has_value(), name << ": " << (request ? "" : request.error().message));
    Drops drops;
    const auto encoded = codec.encode_request(*request, traits_for(tree), drops);
    REQUIRE(encoded.has_value());
    REQUIRE(json::accept(encoded->body));
    // What is written is a fixed point: read and written again it is the same, byte for byte.
    const auto second = codec.decode_request(encoded->body);
    REQUIRE(second.has_value());
    CHECK(codec.encode_request(*second, traits_for(tree), drops)->body == encoded->body);
    const json before = plain_request(body);
    const json after = plain_request(encoded->body);
    if (before == after) { return 1; }
    differing.insert(name + ": " + json::diff(before, after).dump().substr(0, 300));
    return 0;
}

}  // namespace

TEST_SUITE("codec/openai-chat/fixtures") {
    TEST_CASE("requests: read and written again to an equivalent body") {
        std::set<std::string> differing;
        int requests = 0;
        int same = 0;
        for (const auto& dir : case_dirs()) {
            if (!fs::exists(dir / "request.json")) { continue; }
            const std::string body = read_file(dir / "request.json");
            if (!json::parse(body).contains("messages")) { continue; }
            ++requests;
            same += compare_request(body, fs::relative(dir, fixtures_dir()).string(), differing);
        }
        TELL("requests written again to an equivalent body: " << same << " of " << requests);
        // Those that differ say the same in another form: functions become tools, "any" becomes "required", Mistral's
        // thoughts one text and its document_url a file.
        CHECK(requests - same <= 5);
        for (const auto& name : differing) {
            TELL("differs: " << name);
        }
    }

    TEST_CASE("agents: their requests are read and written again to an equivalent body") {
        const fs::path agents = fixtures_dir().parent_path() / "agents";
        if (!fs::exists(agents)) { return; }
        std::set<std::string> differing;
        int requests = 0;
        for (const auto& entry : fs::recursive_directory_iterator(agents)) {
            if (entry.path().string().find("chat_completions") == std::string::npos) { continue; }
            const json recorded = json::parse(read_file(entry.path()));
            if (!recorded.contains("body")) { continue; }
            const std::string body =
                recorded["body"].is_string() ? recorded["body"].get<std::string>() : recorded["body"].dump();
            ++requests;
            compare_request(body, entry.path().filename().string(), differing);
        }
        CHECK(requests >= 5);
        CHECK(differing.empty());
    }
}
