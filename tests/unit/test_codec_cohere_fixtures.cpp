// Recorded Cohere traffic, of its present chat API and of its first one: answers and streams read without loss, at
// every cut; requests written as they were recorded. Skipped where the recordings are not there.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/recorded.hpp"
#include "tests/support/tell.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const Dialect& cohere() {
    return dialects().get(DialectId::cohere_chat);
}

std::vector<Recording> recorded() {
    auto all = recordings();
    std::erase_if(all, [](const Recording& one) { return one.dialect != DialectId::cohere_chat; });
    return all;
}

bool is_first_api(const Recording& one) {
    return one.name.find("/v1-chat/") != std::string::npos;
}

struct Content {
    std::string text;
    std::string thinking;
    std::vector<std::string> calls;
    std::vector<std::string> citations;
    std::string finish;
    Json counted;
    bool operator==(const Content&) const = default;
};

// What was read and written, where it is said.
Json counted_in(const Json& usage) {
    Json counted = usage.contains("tokens") ? usage["tokens"] : usage["billed_units"];
    counted["cached_tokens"] = usage.value("cached_tokens", 0);
    return counted;
}

// What is billed and nothing else, for the log.
bool is_bill(const Usage& usage, const Json& said) {
    Usage bill;
    bill.counts.input = said["billed_units"]["input_tokens"].get<std::int64_t>();
    bill.counts.output = said["billed_units"]["output_tokens"].get<std::int64_t>();
    return usage == bill;
}

std::string call_text(const Json& call) {
    const auto arguments = call["function"].value("arguments", "");
    const auto read = Json::parse(arguments.empty() ? "{}" : arguments);
    return call.value("id", "") + " " + call["function"]["name"].get<std::string>() + " " +
           (read.is_null() ? "{}" : read.dump());
}

std::string citation_text(const Json& citation) {
    return std::to_string(citation["start"].get<int>()) + "-" + std::to_string(citation["end"].get<int>()) + " " +
           citation["text"].get<std::string>();
}

// Of a whole answer, from the wire's own JSON.
Content content_of(const Json& wire) {
    Content out;
    if (wire.contains("text")) {
        out.text = wire["text"];
        out.finish = wire["finish_reason"];
        out.counted = counted_in(wire["meta"]);
        return out;
    }
    const auto& message = wire["message"];
    for (const auto& part : message.value("content", Json::array())) {
        out.text += part.value("text", "");
        out.thinking += part.value("thinking", "");
    }
    out.text += message.value("tool_plan", "");
    for (const auto& call : message.value("tool_calls", Json::array())) {
        out.calls.push_back(call_text(call));
    }
    for (const auto& citation : message.value("citations", Json::array())) {
        out.citations.push_back(citation_text(citation));
    }
    out.finish = wire["finish_reason"];
    out.counted = counted_in(wire["usage"]);
    return out;
}

// A stream put together by this test's own rule, by index.
Json whole_of(const std::string& stream) {
    Json whole{{"message", {{"content", Json::array()}, {"tool_calls", Json::array()}}}};
    auto& message = whole["message"];
    SseFramer framer;
    for (const auto& event : framer.feed(stream)) {
        const auto data = Json::parse(event.data, nullptr, false);
        if (!data.is_object()) { continue; }
        if (data.contains("event_type")) {
            if (data["event_type"] == "stream-end") { return data["response"]; }
            continue;
        }
        const auto type = data["type"].get<std::string>();
        const auto& delta = data.value("delta", Json::object());
        if (type == "content-start") { message["content"].push_back(delta["message"]["content"]); }
        if (type == "content-delta") {
            for (const auto& [key, piece] : delta["message"]["content"].items()) {
                auto& text = message["content"][data["index"].get<std::size_t>()][key];
                text = (text.is_string() ? text.get<std::string>() : "") + piece.get<std::string>();
            }
        }
        if (type == "tool-plan-delta") {
            message["tool_plan"] = message.value("tool_plan", "") + delta["message"]["tool_plan"].get<std::string>();
        }
        if (type == "tool-call-start") { message["tool_calls"].push_back(delta["message"]["tool_calls"]); }
        if (type == "tool-call-delta") {
            auto& arguments = message["tool_calls"][data["index"].get<std::size_t>()]["function"]["arguments"];
            arguments = arguments.get<std::string>() +
                        delta["message"]["tool_calls"]["function"]["arguments"].get<std::string>();
        }
        if (type == "message-end") { whole.update(delta); }
    }
    return whole;
}

Content content_of(const std::vector<AnswerEvent>& events) {
    Content out;
    const auto answer = assemble(events);
    for (const auto& part : answer.candidates.at(0).parts) {
        switch (part.begin.kind) {
            case answer::PartKind::reasoning: out.thinking += part.text; break;
            case answer::PartKind::tool_call:
                out.calls.push_back(part.begin.call.id + " " + part.begin.call.name + " " +
                                    Json::parse(part.text.empty() ? "{}" : part.text).dump());
                break;
            default: out.text += part.text; break;
        }
        for (const auto& citation : part.citations) {
            out.citations.push_back(std::to_string(citation.begin.value_or(-1)) + "-" +
                                    std::to_string(citation.end.value_or(-1)) + " " + citation.cited_text);
            CHECK_FALSE(citation.title.empty());
        }
    }
    if (answer.candidates.at(0).finish) { out.finish = answer.candidates.at(0).finish->word; }
    if (answer.usage) {
        const auto& counts = answer.usage->counts;
        out.counted = {{"input_tokens", counts.prompt_total()},
                       {"output_tokens", counts.output.value_or(-1)},
                       {"cached_tokens", counts.cache_read.value_or(0)}};
    }
    return out;
}

bool same(const Content& a, const Content& b) {
    CHECK(a.text == b.text);
    CHECK(a.thinking == b.thinking);
    CHECK(a.calls == b.calls);
    CHECK(a.citations == b.citations);
    CHECK(a.finish == b.finish);
    CHECK(a.counted == b.counted);
    return a == b;
}

// What a Chat client would have had to ask for this to be written; the other way round is what is tested.
Json as_chat(Json request) {
    for (const auto& [theirs, chats] : std::map<std::string, std::string>{{"stop_sequences", "stop"}}) {
        if (request.contains(theirs)) { request[chats] = request[theirs]; }
        request.erase(theirs);
    }
    for (auto& message : request["messages"]) {
        if (message["role"] != "assistant" || !message.contains("content") || !message["content"].is_array()) {
            continue;
        }
        std::string text;
        for (const auto& part : message["content"]) {
            if (part["type"] == "thinking") { message["reasoning_content"] = part["thinking"]; }
            if (part["type"] == "text") { text += part["text"].get<std::string>(); }
        }
        message["content"] = text;
    }
    return request;
}

// Without what has two writings: null content beside calls, one text as a string or as a list.
Json levelled(Json request) {
    if (!request.contains("stream")) { request["stream"] = false; }
    for (auto& message : request["messages"]) {
        if (message.contains("content") && message["content"].is_null()) { message.erase("content"); }
    }
    return request;
}

}  // namespace

TEST_SUITE("codec/cohere-chat/fixtures") {
    TEST_CASE("answers and streams: read without loss, wherever they are cut; what is billed is logged") {
        std::map<std::string, int> read;
        std::map<std::string, int> errors;
        for (const auto& one : recorded()) {
            CAPTURE(one.name);
            const std::string api = is_first_api(one) ? "v1-chat" : "v2-chat";
            const auto stream = one.stream();
            if (Json::parse(one.read("meta.json")).value("status", 200) >= 400) {
                const auto error = cohere().decode_error(404, one.read("response.json"));
                CHECK(error.error_class == ErrorClass::not_found);
                CHECK(error.message.find("was removed") != std::string::npos);
                ++errors[api];
            } else if (!stream.empty()) {
                const auto events = read_answer(*cohere().codec(), stream, stream.size());
                CHECK(grammar_fault(events) == "");
                REQUIRE_FALSE(events.empty());
                CHECK(std::holds_alternative<answer::End>(events.back()));
                // Every place of the short ones; a thousand of the long ones, where the same events come again and
                // again.
                for (std::size_t first = 1; first < stream.size(); first += stream.size() / 1000 + 1) {
                    REQUIRE(events_text(read_answer(*cohere().codec(), stream, stream.size(), first)) ==
                            events_text(events));
                }
                read[api] += same(content_of(events), content_of(whole_of(stream))) ? 1 : 0;
                if (is_first_api(one)) { continue; }
                const auto logged = read_stream(cohere(), stream, stream.size());
                REQUIRE(last_of<event::UsageSeen>(logged.events));
                CHECK(is_bill(last_of<event::UsageSeen>(logged.events)->usage, whole_of(stream)["usage"]));
                CHECK(last_of<event::Terminal>(logged.events) != nullptr);
            } else {
                const auto body = one.read("response.json");
                std::vector<AnswerEvent> events;
                REQUIRE(cohere().codec()->decode_answer(body, events));
                CHECK(grammar_fault(events) == "");
                read[api] += same(content_of(events), content_of(Json::parse(body))) ? 1 : 0;
                const auto logged = cohere().decode_response(body);
                REQUIRE(logged.usage);
                CHECK(is_bill(*logged.usage, Json::parse(body)[is_first_api(one) ? "meta" : "usage"]));
                CHECK(logged.finish_reason == assemble(events).candidates.at(0).finish->word);
            }
        }
        if (read.empty()) { return; }
        CHECK(read["v2-chat"] == 20);
        CHECK(read["v1-chat"] == 11);
        CHECK(errors["v1-chat"] == 2);
        TELL("cohere: v2-chat " << read["v2-chat"] << " read of 20, v1-chat " << read["v1-chat"] << " read and "
                                << errors["v1-chat"] << " errors of 13");
    }

    TEST_CASE("requests: written as they were recorded") {
        int passed = 0;
        int all = 0;
        for (const auto& one : recorded()) {
            if (is_first_api(one) || !one.has("request.json")) { continue; }
            CAPTURE(one.name);
            ++all;
            const auto wire = Json::parse(one.read("request.json"));
            const auto request = dialects().get(DialectId::openai_chat).codec()->decode_request(as_chat(wire).dump());
            REQUIRE(request);
            TargetTraits target;
            target.model = wire["model"];
            Drops drops;
            const auto written = cohere().codec()->encode_request(*request, target, drops);
            REQUIRE(written);
            CHECK(drops_text(drops) == "");
            CHECK(Json::parse(written->body) == levelled(wire));
            passed += Json::parse(written->body) == levelled(wire) ? 1 : 0;
        }
        if (all > 0) { TELL("cohere: " << passed << " requests of " << all << " written as recorded"); }
    }
}
