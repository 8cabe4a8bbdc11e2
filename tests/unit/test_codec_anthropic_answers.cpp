// Answers written for Anthropic clients, and read from Anthropic providers: T1, T2 and what each event becomes.
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::answer;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

using Events = std::vector<AnswerEvent>;

const Codec& codec() {
    return wire::anthropic_codec();
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0192";
    wishes.model = "asked-for";
    return wishes;
}

Delta said(std::string text, DeltaKind kind = DeltaKind::text, int candidate = 0) {
    return {kind, candidate, std::move(text), {}};
}

PartBegin begin(PartKind kind, int candidate = 0) {
    PartBegin part;
    part.kind = kind;
    part.candidate = candidate;
    return part;
}

PartBegin begin_call(std::string id, std::string name) {
    PartBegin part = begin(PartKind::tool_call);
    part.call.id = std::move(id);
    part.call.name = std::move(name);
    return part;
}

PartEnd end_with(Sealed sealed, bool redacted = false) {
    return {0, std::move(sealed), redacted};
}

Finish finish(StopReason reason) {
    return {reason, 0, {}, {}, {}};
}

// A whole answer around these events.
Events around(Events middle, StopReason reason = StopReason::end_turn) {
    Events events{Begin{"msg_1", "m", 0}};
    events.insert(events.end(), middle.begin(), middle.end());
    events.emplace_back(finish(reason));
    events.emplace_back(End{});
    CHECK(grammar_fault(events) == "");
    return events;
}

struct Told {
    std::string bytes;
    std::vector<Json> events;
    std::string drops;
    Json content = Json::array();  // put together as a client does
    Json delta;                    // message_delta
};

Told told(const Events& events, const AnswerWishes& wish = wishes()) {
    Told out;
    Drops drops;
    out.bytes = write_answer(codec(), events, wish, drops);
    CHECK(stream_fault(codec(), out.bytes) == "");
    out.drops = drops_text(drops);
    SseFramer framer;
    for (const auto& sse : framer.feed(out.bytes)) {
        const Json data = Json::parse(sse.data);
        if (data["type"] == "content_block_start") { out.content.push_back(data["content_block"]); }
        if (data["type"] == "message_delta") { out.delta = data; }
        if (data["type"] == "content_block_delta") {
            for (const auto& [key, value] : data["delta"].items()) {
                if (key == "type") { continue; }
                Json& held = out.content.back()[key];
                held = held.is_string() && value.is_string() ? Json(held.get<std::string>() + value.get<std::string>())
                                                             : value;
            }
        }
        out.events.push_back(data);
    }
    return out;
}

// The blocks' content without a stream's own ways: as a whole answer has it.
Json whole(const Events& events, const AnswerWishes& wish = wishes()) {
    Drops drops;
    return Json::parse(codec().encode_answer(events, wish, drops));
}

std::string types(const Told& out) {
    std::string text;
    for (const Json& block : out.content) {
        text += (text.empty() ? "" : " ") + block["type"].get<std::string>();
    }
    return text;
}

// Cuts a text into pieces of random sizes between characters, empty ones included.
std::vector<std::string> pieces(const std::string& text, std::mt19937& random) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t size = random() % 7;
        while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80U) {
            ++size;
        }
        out.push_back(text.substr(at, size));
        at += size;
    }
    return out;
}

const std::string arguments = R"({"path": "a \"quoted\" \\ path", "n": 1.0, "big": 12345678901234567890, "t": "é😀
"})";

}  // namespace

TEST_SUITE("codec/anthropic/answers") {
    TEST_CASE("tool arguments come out as they went in, for every cut (T1)") {
        const auto args_of = [](const Events& events) {
            const Told out = told(events);
            CHECK(out.delta["delta"]["stop_reason"] == "tool_use");
            return out.content.back().value("partial_json", "");
        };
        // Name and arguments at once, and one byte for each event.
        CHECK(args_of(around({begin_call("1", "f"), said(arguments), PartEnd{}}, StopReason::tool_use)) == arguments);
        Events bytes{begin_call("1", "f")};
        const std::string ascii = R"({"a":"b\"c","d":[1,2.50]})";
        for (const char c : ascii) {
            bytes.emplace_back(said(std::string(1, c)));
        }
        bytes.emplace_back(PartEnd{});
        CHECK(args_of(around(bytes, StopReason::tool_use)) == ascii);
        std::mt19937 random(1);
        for (int run = 0; run < 200; ++run) {
            Events events{begin(PartKind::text), said("First. "), PartEnd{}, begin_call("1", "f")};
            for (auto& piece : pieces(arguments, random)) {
                events.emplace_back(said(piece));
            }
            events.emplace_back(PartEnd{});
            CHECK(args_of(around(events, StopReason::end_turn)) == arguments);
        }
        // The same read from a provider, its events cut at every size.
        const Told out =
            told(around({begin_call("1", "f"), said(arguments.substr(0, 9)), said(arguments.substr(9)), PartEnd{}}));
        for (std::size_t size = 1; size < 90; ++size) {
            const WholeAnswer answer = assemble(read_answer(codec(), out.bytes, size));
            REQUIRE(answer.candidates[0].parts.size() == 1);
            CHECK(answer.candidates[0].parts[0].text == arguments);
        }
    }

    TEST_CASE("the stream keeps its grammar whatever comes (T2)") {
        std::mt19937 random(7);
        for (int run = 0; run < 3000; ++run) {
            Events events{Begin{run % 3 == 0 ? "" : "chatcmpl-1", run % 2 == 0 ? "" : "m", 0}};
            std::string spoken;
            std::vector<std::string> called;
            const auto parts = random() % 6;
            for (unsigned i = 0; i < parts; ++i) {
                const auto kind = static_cast<PartKind>(random() % 6);
                const int candidate = random() % 8 == 0 ? 1 : 0;
                PartBegin part = begin(kind, candidate);
                part.call.id = random() % 4 == 0 ? "" : "call_" + std::to_string(i);
                part.call.name = "f";
                part.call.custom = random() % 5 == 0;
                part.foreign.type = "thing";
                part.foreign.origin = random() % 2 == 0 ? DialectId::anthropic : DialectId::openai_responses;
                part.foreign.raw =
                    "{\n \"type\": \"server_tool_use\", \"id\": \"s\", \"name\": \"n\", \"input\": {\"q\": 1}}";
                if (random() % 4 == 0) { part.call.sealed = {DialectId::gemini, "c2ln", {}}; }
                const bool custom = part.call.custom;
                events.emplace_back(std::move(part));
                std::string text;
                if (kind == PartKind::text || kind == PartKind::refusal || kind == PartKind::tool_call) {
                    const std::string wanted = random() % 4 == 0 ? "" : arguments;
                    for (auto& piece : pieces(wanted, random)) {
                        text += piece;
                        events.emplace_back(said(piece, DeltaKind::text, candidate));
                        if (random() % 9 == 0 && kind == PartKind::text) {
                            events.emplace_back(Delta{DeltaKind::logprobs, candidate, {}, "[]"});
                            part::Citation citation;
                            citation.origin = DialectId::openai_chat;
                            citation.url = random() % 2 == 0 ? "https://example.com" : "";
                            events.emplace_back(Cited{candidate, citation});
                        }
                    }
                }
                if (kind == PartKind::reasoning) {
                    for (unsigned n = random() % 4; n > 0; --n) {
                        events.emplace_back(said("thought", DeltaKind::summary, candidate));
                        events.emplace_back(said("", DeltaKind::summary_break, candidate));
                        events.emplace_back(said("raw", DeltaKind::reasoning_text, candidate));
                    }
                }
                PartEnd end{candidate, {}, kind == PartKind::reasoning && random() % 4 == 0};
                if (random() % 2 == 0) { end.sealed = {static_cast<DialectId>(random() % 4), "c2ln", "id"}; }
                events.emplace_back(std::move(end));
                if (candidate != 0) { continue; }
                if (kind == PartKind::text || kind == PartKind::refusal) { spoken += text; }
                if (kind == PartKind::tool_call) { called.push_back(custom ? Json({{"input", text}}).dump() : text); }
            }
            if (random() % 3 == 0) { events.emplace_back(UsageSeen{}); }
            const bool failed = random() % 10 == 0;
            if (failed) {
                events.emplace_back(Failed{{500, ErrorClass::server, "broke", {}, {}}});
            } else {
                events.emplace_back(finish(static_cast<StopReason>(random() % 9)));
                if (random() % 2 == 0) { events.emplace_back(UsageSeen{}); }
            }
            events.emplace_back(End{});
            REQUIRE(grammar_fault(events) == "");
            const Told out = told(events);
            std::string heard;
            std::vector<std::string> calls;
            for (const Json& block : out.content) {
                if (block["type"] == "text") { heard += block["text"].get<std::string>(); }
                if (block["type"] == "tool_use") { calls.push_back(block.value("partial_json", "")); }
            }
            CHECK(heard == spoken);
            REQUIRE(calls.size() == called.size());
            for (std::size_t i = 0; i < calls.size(); ++i) {
                const bool same = calls[i] == called[i] ||
                                  (Json::accept(calls[i]) && Json::parse(calls[i]) == Json::parse(called[i]));
                CHECK(same);
            }
            if (failed) { continue; }
            const bool tool_use = out.delta["delta"]["stop_reason"] == "tool_use";
            if (tool_use) { CHECK_FALSE(called.empty()); }
            // The same said whole has the same blocks.
            const Json body = whole(events);
            CHECK(body["stop_reason"] == out.delta["delta"]["stop_reason"]);
            CAPTURE(body.dump());
            CAPTURE(out.bytes);
            CAPTURE(events_text(events));
            REQUIRE(body["content"].size() == out.content.size());
            for (std::size_t i = 0; i < out.content.size(); ++i) {
                CHECK(body["content"][i]["type"] == out.content[i]["type"]);
            }
        }
    }

    TEST_CASE("the validator knows what is wrong") {
        const std::string start =
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
            "\"role\":\"assistant\",\"model\":\"x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
            "\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}}\n\n";
        const auto event = [](const std::string& data) {
            return "event: " + Json::parse(data)["type"].get<std::string>() + "\ndata: " + data + "\n\n";
        };
        const auto text_start = [&](int index) {
            return event("{\"type\":\"content_block_start\",\"index\":" + std::to_string(index) +
                         ",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
        };
        const auto call_start = [&](int index) {
            return event("{\"type\":\"content_block_start\",\"index\":" + std::to_string(index) +
                         ",\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}");
        };
        const auto delta = [&](int index, const std::string& inside) {
            return event("{\"type\":\"content_block_delta\",\"index\":" + std::to_string(index) + ",\"delta\":{" +
                         inside + "}}");
        };
        const auto stop = [&](int index) {
            return event("{\"type\":\"content_block_stop\",\"index\":" + std::to_string(index) + "}");
        };
        const auto change = [&](const std::string& reason) {
            return event("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" + reason +
                         "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":1}}");
        };
        const std::string text = "\"type\":\"text_delta\",\"text\":\"a\"";
        const std::string thought = "\"type\":\"thinking_delta\",\"thinking\":\"a\"";
        const std::string done = event("{\"type\":\"message_stop\"}");
        const std::string good = start + text_start(0) + delta(0, text) + stop(0) + change("end_turn") + done;
        CHECK(stream_fault(codec(), good) == "");
        CHECK(stream_fault(codec(), start + event("{\"type\":\"ping\"}") + call_start(0) + stop(0) +
                                        change("tool_use") + done) == "");
        CHECK(stream_fault(codec(), start + event("{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}")) == "");
        struct Row {
            std::string stream;
            const char* fault;
        };
        const std::vector<Row> rows{
            {"", "the stream ends without"},
            {start, "the stream ends without"},
            {start + start, "a second message_start"},
            {text_start(0), "content_block_start before message_start"},
            {event("{\"type\":\"ping\"}") + good, "ping before message_start"},
            {start + text_start(1), "content_block_start with index 1 instead of 0"},
            {start + text_start(0) + text_start(1), "a block inside a block"},
            {start + text_start(0) + stop(0) + text_start(0), "content_block_start with index 0 instead of 1"},
            {start + delta(0, text), "a delta outside a block"},
            {start + text_start(0) + delta(0, thought), "a thinking_delta in a text block"},
            {start + call_start(0) + delta(0, text), "a text_delta in a tool_use block"},
            {start + text_start(0) + delta(1, text), "content_block_delta with index 1 instead of 0"},
            {start + text_start(0) + delta(0, "\"type\":\"text_delta\""), "a text_delta without text"},
            {start + stop(0), "content_block_stop outside a block"},
            {start + text_start(0) + change("end_turn"), "message_delta inside a block"},
            {start + text_start(0) + stop(0) + change("tool_use"), "stop_reason tool_use without"},
            {start + call_start(0) + stop(0) + change("end_turn"), "stop_reason end_turn with"},
            {start + change("end_turn") + change("end_turn"), "a second message_delta"},
            {start + change("end_turn") + text_start(0), "a block after message_delta"},
            {start + change(""), "message_delta without a stop_reason"},
            {start + done, "message_stop without message_delta"},
            {good + done, "message_stop after the end"},
            {start + call_start(0) + stop(0) + call_start(1), "two tool_use blocks with the id t"},
            {start + event("{\"type\":\"other\"}"), "an event of no known type"},
            {"event: message_stop\ndata: {\"type\":\"ping\"}\n\n", "event message_stop holds type ping"},
            {"event: ping\ndata: {\n\n", "the data of ping is not JSON"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.fault);
            CHECK(stream_fault(codec(), row.stream).starts_with(row.fault));
        }
    }

    TEST_CASE("a start with numbers, and the real ones at the end") {
        Events events = around({begin(PartKind::text), said("hi"), PartEnd{}});
        Usage usage;
        usage.counts.input = 10;
        usage.counts.cache_read = 4;
        usage.counts.cache_write_5m = 2;
        usage.counts.cache_write_1h = 3;
        usage.counts.output = 7;
        usage.counts.reasoning = 5;
        usage.service_tier = "default";
        usage.web_search_requests = 2;
        events.insert(events.end() - 1, UsageSeen{usage});
        const Told out = told(events);
        const Json& message = out.events.front()["message"];
        CHECK(message["usage"] == Json({{"input_tokens", 0}, {"output_tokens", 0}}));
        CHECK(out.delta["usage"] ==
              Json::parse(R"({"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":4,)"
                          R"("cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3},)"
                          R"("output_tokens":7,"output_tokens_details":{"thinking_tokens":5},)"
                          R"("server_tool_use":{"web_search_requests":2},"service_tier":"standard"})"));
        CHECK(whole(events)["usage"] == out.delta["usage"]);
    }

    TEST_CASE("ids and models: the upstream's, or what was asked for") {
        const Json named = told({Begin{"chatcmpl-7", "gpt-x", 0}, finish(StopReason::end_turn), End{}}).events[0];
        CHECK(named["message"]["id"] == "msg_chatcmpl-7");
        CHECK(named["message"]["model"] == "gpt-x");
        const Json unnamed = told({Begin{}, finish(StopReason::end_turn), End{}}).events[0];
        CHECK(unnamed["message"]["id"] == "msg_0192");
        CHECK(unnamed["message"]["model"] == "asked-for");
    }

    TEST_CASE("an event is written as soon as it is known") {
        Drops drops;
        const auto encoder = codec().answer_encoder(wishes(), drops);
        const auto adds = [&](const AnswerEvent& event) {
            std::string out;
            encoder->encode(event, out);
            return out;
        };
        CHECK(adds(Begin{"1", "m", 0}).starts_with("event: message_start\n"));
        // A part that may stay empty waits for its first word; a call does not.
        CHECK(adds(begin(PartKind::text)) == "");
        CHECK(adds(said("")) == "");
        CHECK(adds(said("a")).find("content_block_start") != std::string::npos);
        CHECK(adds(said("b")) ==
              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
              "\"delta\":{\"type\":\"text_delta\",\"text\":\"b\"}}\n\n");
        CHECK(adds(PartEnd{}).starts_with("event: content_block_stop\n"));
        CHECK(adds(begin_call("1", "f")).find("tool_use") != std::string::npos);
        CHECK(adds(PartEnd{}) != "");
        CHECK(adds(finish(StopReason::end_turn)) == "");
        CHECK(adds(End{}).find("message_stop") != std::string::npos);
        CHECK(adds(said("late")) == "");
    }

    TEST_CASE("stop reasons") {
        struct Row {
            StopReason reason;
            const char* plain;
            const char* with_call;
        };
        const Row rows[] = {
            {StopReason::end_turn, "end_turn", "tool_use"},
            {StopReason::stop_sequence, "stop_sequence", "tool_use"},
            {StopReason::max_tokens, "max_tokens", "max_tokens"},
            {StopReason::context_window, "model_context_window_exceeded", "model_context_window_exceeded"},
            {StopReason::tool_use, "end_turn", "tool_use"},
            {StopReason::refusal, "refusal", "refusal"},
            {StopReason::content_filter, "refusal", "refusal"},
            {StopReason::pause, "pause_turn", "pause_turn"},
            {StopReason::other, "end_turn", "tool_use"},
        };
        for (const Row& row : rows) {
            CHECK(told(around({}, row.reason)).delta["delta"]["stop_reason"] == row.plain);
            const Events called = around({begin_call("1", "f"), PartEnd{}}, row.reason);
            CHECK(told(called).delta["delta"]["stop_reason"] == row.with_call);
            CHECK(whole(called)["stop_reason"] == row.with_call);
        }
        Events stopped{Begin{}, Finish{StopReason::stop_sequence, 0, "stop", "END", {}}, End{}};
        CHECK(told(stopped).delta["delta"]["stop_sequence"] == "END");
        const Events refused{Begin{}, Finish{StopReason::content_filter, 0, "SAFETY", {}, "not allowed"}, End{}};
        CHECK(told(refused).delta["delta"]["stop_details"]["explanation"] == "not allowed");
        const Events spoken = around({begin(PartKind::refusal), said("No."), PartEnd{}});
        CHECK(told(spoken).delta["delta"]["stop_reason"] == "refusal");
        CHECK(told(spoken).content[0]["text"] == "No.");
        const Events compacted{Begin{}, Finish{StopReason::other, 0, "compaction", {}, {}}, End{}};
        CHECK(told(compacted).delta["delta"]["stop_reason"] == "compaction");
    }

    TEST_CASE("reasoning: shown, signed, sealed by others, redacted") {
        const Sealed own{DialectId::anthropic, "c2ln", {}};
        const Sealed theirs{DialectId::openai_responses, "gAAA", "rs_1"};
        const auto thinking = [](const Events& middle) { return told(around(middle)).content; };
        const auto thought = [] { return said("Hm.", DeltaKind::summary); };
        CHECK(thinking({begin(PartKind::reasoning), thought(), end_with(own)})[0] ==
              Json({{"type", "thinking"}, {"thinking", "Hm."}, {"signature", "c2ln"}}));
        // Unsigned: to be seen, and never stamped.
        CHECK(thinking({begin(PartKind::reasoning), said("raw", DeltaKind::reasoning_text),
                        PartEnd{}})[0]["signature"] == "");
        CHECK(thinking({begin(PartKind::reasoning), thought(), end_with(theirs)})[0]["signature"] ==
              wrap_sealed(theirs));
        // Encrypted and nothing else.
        CHECK(thinking({begin(PartKind::reasoning), end_with(theirs)})[0] ==
              Json({{"type", "thinking"}, {"thinking", ""}, {"signature", wrap_sealed(theirs)}}));
        CHECK(thinking({begin(PartKind::reasoning), PartEnd{}}).empty());
        CHECK(thinking({begin(PartKind::reasoning), end_with(own, true)})[0] ==
              Json({{"type", "redacted_thinking"}, {"data", "c2ln"}}));
        CHECK(thinking({begin(PartKind::reasoning), thought(), said("", DeltaKind::summary_break), thought(),
                        PartEnd{}})[0]["thinking"] == "Hm.\n\nHm.");
        // display: omitted. The seal stays, the words do not.
        AnswerWishes hidden = wishes();
        hidden.show_reasoning = false;
        const Events events = around({begin(PartKind::reasoning), thought(), end_with(own)});
        CHECK(told(events, hidden).content[0]["thinking"] == "");
        CHECK(told(events, hidden).content[0]["signature"] == "c2ln");
        CHECK(whole(events, hidden)["content"][0]["thinking"] == "");
    }

    TEST_CASE("seals of other providers come back through the client's next request (T4)") {
        const Sealed on_call{DialectId::gemini, "c2lnLWNhbGw=", {}};
        const Sealed on_text{DialectId::gemini, "c2lnLXRleHQ=", {}};
        const Sealed encrypted{DialectId::openai_responses, "gAAA+/=", "rs_1"};
        PartBegin signed_call = begin_call("call_1", "f");
        signed_call.call.sealed = on_call;
        const Events events =
            around({begin(PartKind::reasoning), said("Hm.", DeltaKind::summary), end_with(encrypted),
                    begin(PartKind::text), said("Calling."), end_with(on_text), signed_call, said("{\"a\":1}"),
                    end_with(on_call), begin_call("call_2", "g"), PartEnd{}, begin(PartKind::text), end_with(on_text)});
        Drops drops;
        std::vector<Json> contents{whole(events)["content"]};
        Json streamed = told(events).content;
        for (Json& block : streamed) {
            if (block["type"] != "tool_use") { continue; }
            const std::string args = block.value("partial_json", "");
            block["input"] = Json::parse(args.empty() ? "{}" : args);
            block.erase("partial_json");
        }
        contents.push_back(streamed);
        for (const Json& content : contents) {
            Json results = Json::array();
            for (const Json& block : content) {
                if (block["type"] != "tool_use") { continue; }
                results.push_back({{"type", "tool_result"}, {"tool_use_id", block["id"]}, {"content", "ok"}});
            }
            const Json body{{"max_tokens", 1},
                            {"messages", Json::array({{{"role", "user"}, {"content", "go"}},
                                                      {{"role", "assistant"}, {"content", content}},
                                                      {{"role", "user"}, {"content", results}}})}};
            const auto request = codec().decode_request(body.dump());
            REQUIRE(request.has_value());
            const auto& parts = request->messages[1].parts;
            REQUIRE(parts.size() == 5);
            CHECK(std::get<part::Reasoning>(parts[0]).sealed == encrypted);
            CHECK(std::get<part::Text>(parts[1]).sealed == on_text);
            CHECK(std::get<part::Text>(parts[1]).text == "Calling.");
            CHECK(std::get<part::ToolCall>(parts[2]).sealed == on_call);
            CHECK(std::get<part::ToolCall>(parts[2]).id == "call_1");
            CHECK(std::get<part::ToolCall>(parts[3]).id == "call_2");
            CHECK(std::get<part::ToolCall>(parts[3]).sealed.empty());
            CHECK(std::get<part::Text>(parts[4]).text == "");
            CHECK(std::get<part::Text>(parts[4]).sealed == on_text);
            const auto& answers = request->messages[2].parts;
            CHECK(std::get<part::ToolResult>(answers[0]).call_id == "call_1");
            CHECK(std::get<part::ToolResult>(answers[1]).call_id == "call_2");
        }
    }

    TEST_CASE("tool calls: names the client knows, ids where there were none, arguments that are no object") {
        ChatRequest request;
        Tool tool;
        tool.name = std::string(100, 'n');
        request.tools.push_back(tool);
        AnswerWishes wish = wishes();
        wish.request = &request;
        const ToolKind kind = request.tools[0].kind;
        REQUIRE(kind == ToolKind::function);
        const Events events = around({begin_call("", std::string(55, 'n') + "_" + "unknown"), said("[1]"), PartEnd{}});
        CHECK(told(events, wish).content[0]["id"] == "toolu_0192_0");
        CHECK(whole(events, wish)["content"][0]["input"] == Json({{"raw_arguments", "[1]"}}));
        const Events empty = around({begin_call("1", "f"), PartEnd{}});
        CHECK(whole(empty)["content"][0]["input"] == Json::object());
        CHECK(told(empty).content[0]["input"] == Json::object());
    }

    TEST_CASE("what this dialect cannot say is noted") {
        PartBegin search = begin(PartKind::foreign);
        search.foreign = {DialectId::openai_responses, "web_search_call", "{}", {}};
        part::Citation citation;
        citation.origin = DialectId::openai_chat;
        citation.url = "https://example.com";
        citation.title = "E";
        const Told out = told(around({search, PartEnd{}, begin(PartKind::media), PartEnd{}, begin(PartKind::text),
                                      said("x"), Cited{0, citation}, Delta{DeltaKind::logprobs, 0, {}, "[]"}, PartEnd{},
                                      begin(PartKind::text, 1), said("y", DeltaKind::text, 1), PartEnd{1, {}, false}}));
        CHECK(types(out) == "text");
        CHECK(out.content[0]["citation"] ==
              Json::parse(R"({"type":"web_search_result_location","url":"https://example.com","title":"E",)"
                          R"("cited_text":"","encrypted_index":""})"));
        CHECK(out.drops ==
              "web_search_call in the answer: anthropic has no such item\n"
              "media in the answer: anthropic's answers are text\n"
              "logprobs: anthropic has none\n"
              "n: anthropic gives one answer\n");
    }

    TEST_CASE("failures end the stream, in the middle of a block and before all") {
        const Failed failed{{529, ErrorClass::overloaded, "Overloaded", {}, {}}};
        const Told inside = told({Begin{"1", "m", 0}, begin(PartKind::text), said("a"), failed, End{}});
        CHECK(inside.events.back() ==
              Json::parse(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"));
        CHECK(told({failed, End{}}).events.size() == 1);
    }

    TEST_CASE("provider streams that are odd or broken") {
        const auto read = [](const std::string& stream) { return read_answer(codec(), stream, stream.size()); };
        const auto event = [](const std::string& data) { return "data: " + data + "\n\n"; };
        const std::string start = event(
            R"({"type":"message_start","message":{"id":"msg_1","model":"m","content":[],"usage":{"input_tokens":1}}})");
        const std::string text =
            event(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
        const std::string stop = event(R"({"type":"message_stop"})");
        // No message_start, no stops, no message_delta: what was said is said.
        const auto bare =
            read(text + event(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}})") +
                 stop);
        CHECK(grammar_fault(bare) == "");
        CHECK(assemble(bare).candidates[0].parts[0].text == "a");
        // A call and no stop reason.
        const auto called = read(
            start +
            event(
                R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}})") +
            stop);
        CHECK(grammar_fault(called) == "");
        CHECK(assemble(called).candidates[0].parts[0].text == R"({"a":1})");
        CHECK(assemble(called).candidates[0].finish->reason == StopReason::tool_use);
        // A whole input at the start counts when no delta follows, and only then.
        const auto both = read(
            start +
            event(
                R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}})") +
            event(R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}})") +
            event(
                R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":2}"}})") +
            stop);
        CHECK(assemble(both).candidates[0].parts[0].text == R"({"a":2})");
        // Cut: no End.
        const auto cut = read(start + text);
        CHECK(grammar_fault(cut) == "");
        CHECK_FALSE(std::holds_alternative<End>(cut.back()));
        // Begun twice before a word was said: one answer. After: an error, never a splice (T11).
        CHECK(grammar_fault(read(start + start + text + stop)) == "");
        const auto spliced = read(start + text + start + text + stop);
        CHECK(grammar_fault(spliced) == "");
        CHECK(assemble(spliced).error.has_value());
        // Nothing counts after the end.
        CHECK(read(start + stop + start + text).size() == read(start + stop).size());
        // Garbage is passed over.
        CHECK(grammar_fault(
                  read(start + event("{") + event("[]") + event(R"({"type":7})") + event("x") + text + stop)) == "");
    }

    TEST_CASE("bodies that are no answer") {
        Events events;
        for (const char* body : {"", "{}", "[]", "nonsense", R"({"type":"error","error":{"type":"api_error"}})",
                                 R"({"input_tokens":5})"}) {
            CHECK_FALSE(codec().decode_answer(body, events));
        }
        CHECK(events.empty());
        CHECK(codec().decode_answer(R"({"type":"message","content":[],"stop_reason":"end_turn"})", events));
        CHECK(grammar_fault(events) == "");
    }
}
