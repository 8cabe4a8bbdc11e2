// Walks the recorded Gemini and Vertex traffic next to the source tree, when it is there: all of it decodes, and what
// is written again says the same.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/schema.hpp"
#include "providers/dialects/gemini/signature.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const Codec& codec() {
    return *dialects().get(DialectId::gemini).codec();
}

std::vector<fs::path> recorded(const char* file) {
    std::vector<fs::path> found;
    if (!fs::exists(fixtures_dir())) {
        TELL("no recorded provider data at " << fixtures_dir().string() << ": skipped");
        return found;
    }
    for (const char* host : {"gemini", "vertex"}) {
        for (const char* api : {"generateContent", "streamGenerateContent", "countTokens"}) {
            const fs::path dir = fixtures_dir() / host / api;
            if (!fs::exists(dir)) { continue; }
            for (const auto& entry : fs::directory_iterator(dir)) {
                if (fs::exists(entry.path() / file)) { found.push_back(entry.path()); }
            }
        }
    }
    std::ranges::sort(found);
    return found;
}

// Names in camelCase, as both spellings mean the same; not inside what is the caller's own.
json camel_names(const json& value, bool own) {
    if (value.is_array()) {
        json out = json::array();
        for (const auto& one : value) {
            out.push_back(camel_names(one, own));
        }
        return out;
    }
    if (!value.is_object()) { return value; }
    json out = json::object();
    std::string buffer;
    for (const auto& [key, inside] : value.items()) {
        const std::string name(own ? std::string_view(key) : wire::gemini::camel(key, buffer));
        const bool theirs = own || name == "args" || name == "response" || name == "labels" || name == "parameters" ||
                            name == "parametersJsonSchema";
        if (name == "responseSchema" || name == "responseJsonSchema") {
            out["responseJsonSchema"] = json::parse(wire::gemini::from_openapi(inside.dump()));
        } else {
            out[name] = camel_names(inside, theirs);
        }
    }
    return out;
}

bool is_bare_thought(const json& part) {
    return part.value("thought", false) && part.contains("text") && !part.contains("thoughtSignature");
}

// Clients keep a streamed thought as the pieces it came in: pieces in a row, up to the one that is signed, are one.
void join_thoughts(json& parts) {
    json joined = json::array();
    for (auto& part : parts) {
        if (!joined.empty() && is_bare_thought(joined.back()) && part.value("thought", false) &&
            part.value("text", "") != "") {
            part["text"] = joined.back()["text"].get<std::string>() + part["text"].get<std::string>();
            joined.back() = part;
        } else {
            joined.push_back(part);
        }
    }
    parts = std::move(joined);
}

// What is one request in two writings: empty text parts and lists, roles of a system instruction, base64 alphabets, a
// list of one, a thought in pieces.
void level(json& request) {
    request = camel_names(request, false);
    if (request.contains("systemInstruction")) { request["systemInstruction"].erase("role"); }
    if (request.contains("tools") && request["tools"].is_object()) {
        request["tools"] = json::array({request["tools"]});
    }
    if (request.contains("generationConfig") && request["generationConfig"].empty()) {
        request.erase("generationConfig");
    }
    // All functions are declared in one tool, in order.
    if (request.contains("tools")) {
        json functions = json::array();
        json others = json::array();
        for (const auto& tool : request["tools"]) {
            for (const auto& [key, value] : tool.items()) {
                if (key == "functionDeclarations") {
                    for (const auto& one : value) {
                        functions.push_back(one);
                    }
                } else {
                    others.push_back(json{{key, value}});
                }
            }
        }
        request["tools"] = json{{"functions", functions}, {"others", others}};
    }
    for (auto& content : request["contents"]) {
        join_thoughts(content["parts"]);
        for (auto& part : content["parts"]) {
            if (!part.contains("inlineData")) { continue; }
            auto data = part["inlineData"]["data"].get<std::string>();
            std::ranges::replace(data, '-', '+');
            std::ranges::replace(data, '_', '/');
            while (data.ends_with('=')) {
                data.pop_back();
            }
            part["inlineData"]["data"] = data;
        }
    }
}

std::string stream_in(const fs::path& dir) {
    if (fs::exists(dir / "stream.sse")) { return read_file(dir / "stream.sse"); }
    const std::string lines = read_file(dir / "stream.chunks.txt");
    std::string out;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        if (end > at) { out += "data: " + lines.substr(at, end - at) + "\r\n\r\n"; }
        at = end + 1;
    }
    return out;
}

// The same answer: ids this codec had to make depend on what it was read from.
std::string same_text(const WholeAnswer& answer) {
    WholeAnswer plain = answer;
    for (auto& candidate : plain.candidates) {
        for (auto& part : candidate.parts) {
            if (wire::gemini::is_made_call_id(part.begin.call.id)) { part.begin.call.id = "made"; }
            // White space of the recording, which a stream has no room for.
            if (part.begin.kind == answer::PartKind::tool_call) { std::ranges::replace(part.text, '\n', ' '); }
            std::ranges::replace(part.begin.foreign.raw, '\n', ' ');
            for (auto& citation : part.citations) {
                std::ranges::replace(citation.raw, '\n', ' ');
            }
        }
    }
    return whole_text(plain);
}

}  // namespace

TEST_SUITE("codec/gemini/fixtures") {
    TEST_CASE("recorded streams: read, written again, the same answer") {
        int good = 0;
        int all = 0;
        int strict = 0;
        auto dirs = recorded("stream.sse");
        for (const auto& dir : recorded("stream.chunks.txt")) {
            dirs.push_back(dir);
        }
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            ++all;
            const std::string stream = stream_in(dir);
            const auto events = read_answer(codec(), stream, stream.size());
            REQUIRE(grammar_fault(events) == "");
            REQUIRE(std::holds_alternative<answer::End>(events.back()));
            Drops drops;
            const AnswerWishes wishes;
            const std::string again = write_answer(codec(), events, wishes, drops);
            REQUIRE(stream_fault(codec(), again) == "");
            CHECK(drops.empty());
            strict += stream_fault(codec(), stream).empty() ? 1 : 0;
            const auto events_again = read_answer(codec(), again, again.size());
            REQUIRE(grammar_fault(events_again) == "");
            CHECK(same_text(assemble(events)) == same_text(assemble(events_again)));
            for (const std::size_t piece : {1, 7, 1000}) {
                REQUIRE(whole_text(assemble(read_answer(codec(), stream, piece))) == whole_text(assemble(events)));
            }
            ++good;
        }
        TELL(good << " of " << all << " recorded streams; " << strict << " of them pass the validator as recorded");
    }

    TEST_CASE("recorded whole answers: read, written again, the same answer") {
        int good = 0;
        int all = 0;
        int errors = 0;
        for (const auto& dir : recorded("response.json")) {
            if (dir.string().find("countTokens") != std::string::npos) { continue; }
            CAPTURE(dir.string());
            ++all;
            std::vector<AnswerEvent> events;
            REQUIRE(codec().decode_answer(read_file(dir / "response.json"), events));
            REQUIRE(grammar_fault(events) == "");
            const WholeAnswer answer = assemble(events);
            if (answer.error) {
                CHECK(answer.error->message != "");
                ++errors;
                continue;
            }
            Drops drops;
            const std::string again = codec().encode_answer(events, {}, drops);
            CHECK(drops.empty());
            std::vector<AnswerEvent> events_again;
            REQUIRE(codec().decode_answer(again, events_again));
            CHECK(same_text(answer) == same_text(assemble(events_again)));
            // As a stream it says the same.
            const std::string stream = write_answer(codec(), events, {}, drops);
            REQUIRE(stream_fault(codec(), stream) == "");
            CHECK(same_text(answer) == same_text(assemble(read_answer(codec(), stream, stream.size()))));
            ++good;
        }
        TELL(good << " of " << all << " recorded answers, " << errors << " more are errors");
    }

    TEST_CASE("recorded requests: written again, the same request") {
        int good = 0;
        int all = 0;
        for (const auto& dir : recorded("request.json")) {
            CAPTURE(dir.string());
            ++all;
            const std::string body = read_file(dir / "request.json");
            const auto request = codec().decode_request(body);
            REQUIRE_MESSAGE(request.has_value(), request.error().message);
            Drops drops;
            const auto encoded = codec().encode_request(*request, {}, drops);
            REQUIRE(encoded.has_value());
            json before = json::parse(body);
            json after = json::parse(encoded->body);
            level(before);
            level(after);
            CHECK(before == after);
            if (before != after) { TELL(json::diff(before, after).dump().substr(0, 2000)); }
            good += before == after ? 1 : 0;
        }
        TELL(good << " of " << all << " recorded requests");
    }
}
