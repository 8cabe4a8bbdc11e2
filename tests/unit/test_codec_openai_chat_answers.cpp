// Answers: what plain Chat clients are given of other dialects' answers, and back. How hosts' own streams are read is
// in tests/dialects/openai-chat.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/whole_answer.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const wire::OpenAiChatCodec codec;

using answer::Delta;
using answer::DeltaKind;
using answer::Finish;
using answer::PartEnd;
using answer::PartKind;
using answer::StopReason;

answer::PartBegin begin_part(PartKind kind, std::string item_id = {}) {
    answer::PartBegin begin;
    begin.kind = kind;
    begin.item_id = std::move(item_id);
    return begin;
}

answer::PartBegin begin_call(std::string id, std::string name, Sealed sealed = {}) {
    answer::PartBegin begin;
    begin.kind = PartKind::tool_call;
    begin.call.id = std::move(id);
    begin.call.name = std::move(name);
    begin.call.sealed = std::move(sealed);
    return begin;
}

Delta text(std::string said) {
    return {DeltaKind::text, 0, std::move(said), {}};
}

PartEnd end_part(Sealed sealed = {}, bool redacted = false) {
    return {0, std::move(sealed), redacted};
}

std::vector<AnswerEvent> finished(std::vector<AnswerEvent> parts, Finish finish = {}) {
    std::vector<AnswerEvent> events{answer::Begin{"msg_1", "model-1", 7}};
    for (auto& event : parts) {
        events.push_back(std::move(event));
    }
    events.emplace_back(std::move(finish));
    events.emplace_back(answer::End{});
    REQUIRE(grammar_fault(events) == "");
    return events;
}

struct Written {
    std::vector<json> chunks;
    std::string stream;
    std::string drops;
};

Written write(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes = {}) {
    Written written;
    Drops drops;
    written.stream = write_answer(codec, events, wishes, drops);
    CHECK(stream_fault(codec, written.stream) == "");
    SseFramer framer;
    for (const auto& sse : framer.feed(written.stream)) {
        if (sse.data != "[DONE]") { written.chunks.push_back(json::parse(sse.data)); }
    }
    written.drops = drops_text(drops);
    return written;
}

json whole(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes = {}) {
    Drops drops;
    return json::parse(codec.encode_answer(events, wishes, drops));
}

// A string member of the deltas, put together.
std::string joined(const Written& written, const char* name) {
    std::string out;
    for (const auto& chunk : written.chunks) {
        for (const auto& choice : chunk["choices"]) {
            if (choice["delta"].contains(name)) { out += choice["delta"][name].get<std::string>(); }
        }
    }
    return out;
}

std::vector<json> calls_in(const Written& written) {
    std::vector<json> calls;
    for (const auto& chunk : written.chunks) {
        for (const auto& choice : chunk["choices"]) {
            for (const auto& call : choice["delta"].value("tool_calls", json::array())) {
                calls.push_back(call);
            }
        }
    }
    return calls;
}

std::string finish_word(const Written& written) {
    return written.chunks.back()["choices"][0]["finish_reason"].get<std::string>();
}

}  // namespace

TEST_SUITE("codec/openai-chat/answers") {
    TEST_CASE("T4: a thought signature goes to the client and comes back, for every call of three turns") {
        ChatRequest client;
        client.origin = DialectId::openai_chat;
        json history = json::array({{{"role", "user"}, {"content", "q"}}});
        for (int turn = 0; turn < 3; ++turn) {
            const std::string n = std::to_string(turn);
            const Sealed signature{DialectId::gemini, "signature of turn " + n, {}};
            // Parallel calls: only the first is signed.
            const auto events = finished({begin_call("call_a" + n, "f", signature), text("{}"), end_part(signature),
                                          begin_call("call_b" + n, "g"), text("{}"), end_part()},
                                         {StopReason::tool_use, 0, "STOP", {}, {}});
            const json message = whole(events)["choices"][0]["message"];
            const auto streamed = calls_in(write(events));
            CHECK(streamed[0]["id"] == message["tool_calls"][0]["id"]);
            CHECK(message["tool_calls"][1]["id"] == "call_b" + n);
            // The client gives back what it knows: ids, names, arguments.
            json said = {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", message["tool_calls"]}};
            history.push_back(said);
            for (const auto& call : message["tool_calls"]) {
                history.push_back({{"role", "tool"}, {"tool_call_id", call["id"]}, {"content", "r"}});
            }
        }
        // The client cuts its history before the second turn.
        history.erase(history.begin(), history.begin() + 4);
        const auto request = codec.decode_request(json{{"messages", history}}.dump());
        REQUIRE(request.has_value());
        REQUIRE(request->messages.size() == 6);
        for (int turn = 1; turn < 3; ++turn) {
            const std::string n = std::to_string(turn);
            const auto& parts = request->messages[static_cast<std::size_t>(turn - 1) * 3].parts;
            REQUIRE(parts.size() == 2);
            const auto& first = std::get<part::ToolCall>(parts[0]);
            CHECK(first.id == "call_a" + n);
            CHECK(first.sealed == Sealed{DialectId::gemini, "signature of turn " + n, {}});
            CHECK(std::get<part::ToolCall>(parts[1]).sealed.empty());
            const auto& result = request->messages[static_cast<std::size_t>(turn - 1) * 3 + 1].parts;
            CHECK(std::get<part::ToolResult>(result[0]).call_id == "call_a" + n);
        }
    }

    TEST_CASE("thinking goes out as reasoning_content; its signatures ride in the next call's id") {
        const Sealed signature{DialectId::anthropic, "SIG", {}};
        const Sealed redacted{DialectId::anthropic, "DATA", {}};
        const auto events = finished(
            {begin_part(PartKind::reasoning), Delta{DeltaKind::reasoning_text, 0, "I think.", {}}, end_part(signature),
             begin_part(PartKind::reasoning), end_part(redacted, true), begin_part(PartKind::text), text("Now."),
             end_part(), begin_call("toolu_1", "f"), text("{\"a\":"), text("1}"), end_part()},
            {StopReason::tool_use, 0, "tool_use", {}, {}});
        const Written written = write(events);
        CHECK(joined(written, "reasoning_content") == "I think.");
        CHECK(joined(written, "content") == "Now.");
        const auto calls = calls_in(written);
        REQUIRE(calls.size() == 3);
        CHECK(calls[1]["function"]["arguments"].get<std::string>() +
                  calls[2]["function"]["arguments"].get<std::string>() ==
              "{\"a\":1}");
        json message = whole(events)["choices"][0]["message"];
        CHECK(message["reasoning_content"] == "I think.");
        CHECK(message["tool_calls"][0]["id"] == calls[0]["id"]);
        message.erase("refusal");
        const auto request = codec.decode_request(json{{"messages", {message}}}.dump());
        REQUIRE(request.has_value());
        CHECK(request_text(*request) ==
              "request openai-chat\nassistant\n  reasoning text=\"I think.\" sealed=anthropic:\"SIG\"\n"
              "  reasoning redacted sealed=anthropic:\"DATA\"\n  text \"Now.\"\n"
              "  tool_call id=\"toolu_1\" name=\"f\" arguments=\"{\\\"a\\\":1}\"\n");
        // Who does not want to see it still gets the seals.
        AnswerWishes wishes;
        wishes.show_reasoning = false;
        const Written hidden = write(events, wishes);
        CHECK(joined(hidden, "reasoning_content").empty());
        CHECK(calls_in(hidden)[0]["id"] == calls[0]["id"]);
    }

    TEST_CASE("encrypted reasoning of Responses comes back as an item with its id and summary") {
        const Sealed sealed{DialectId::openai_responses, "gAAAA", "rs_1"};
        const auto events =
            finished({begin_part(PartKind::reasoning, "rs_1"), Delta{DeltaKind::summary, 0, "One.", {}},
                      Delta{DeltaKind::summary_break, 0, {}, {}}, Delta{DeltaKind::summary, 0, "Two.", {}},
                      end_part(sealed), begin_call("call_1", "f"), end_part()},
                     {StopReason::tool_use, 0, {}, {}, {}});
        const Written written = write(events);
        CHECK(joined(written, "reasoning_content") == "One.\n\nTwo.");
        json message = whole(events)["choices"][0]["message"];
        CHECK(message["reasoning_content"] == "One.\n\nTwo.");
        CHECK(message["tool_calls"][0]["function"]["arguments"] == "{}");
        const auto request = codec.decode_request(json{{"messages", {message}}}.dump());
        REQUIRE(request.has_value());
        const auto& reasoning = std::get<part::Reasoning>(request->messages[0].parts[0]);
        CHECK(reasoning.sealed == sealed);
        CHECK(reasoning.summary == std::vector<std::string>{"One.\n\nTwo."});
        CHECK(reasoning.text.empty());
    }

    TEST_CASE("a bridged custom tool is a custom call again, its input streamed without its wrapping") {
        const auto request =
            codec.decode_request(R"({"messages":[],"tools":[{"type":"custom","custom":{"name":"apply_patch"}}]})");
        REQUIRE(request.has_value());
        AnswerWishes wishes;
        wishes.request = &*request;
        const auto events =
            finished({begin_call("c", "apply_patch"), text("{\"inp"), text("ut\": \"*** \\"), text("n\\u00e9"),
                      text("x\"}"), end_part(), begin_call("d", "apply_patch"), text("not json"), end_part()},
                     {StopReason::tool_use, 0, {}, {}, {}});
        const auto calls = calls_in(write(events, wishes));
        CHECK(calls[0] ==
              json::parse(R"({"index":0,"id":"c","type":"custom","custom":{"name":"apply_patch","input":""}})"));
        std::string input;
        for (std::size_t i = 1; i < calls.size() && calls[i]["index"] == 0; ++i) {
            input += calls[i]["custom"]["input"].get<std::string>();
        }
        CHECK(input == "*** \n\u00e9x");
        CHECK(calls.back()["custom"]["input"] == "not json");
        const json message = whole(events, wishes)["choices"][0]["message"];
        CHECK(message["tool_calls"][0]["custom"]["input"] == "*** \n\u00e9x");
        CHECK(message["tool_calls"][1]["custom"]["input"] == "not json");
    }

    TEST_CASE("names that were changed for the provider are the client's again") {
        const auto request =
            codec.decode_request(R"({"messages":[],"tools":[{"type":"function","function":{"name":"files.read"}}]})");
        REQUIRE(request.has_value());
        Drops drops;
        ChatRequest foreign = *request;
        foreign.origin = DialectId::gemini;
        const json sent = json::parse(codec.encode_request(foreign, {}, drops)->body);
        AnswerWishes wishes;
        wishes.request = &*request;
        const auto events = finished({begin_call("a", sent["tools"][0]["function"]["name"]), end_part()},
                                     {StopReason::tool_use, 0, {}, {}, {}});
        CHECK(calls_in(write(events, wishes))[0]["function"]["name"] == "files.read");
    }

    TEST_CASE("a client that declared functions gets a function_call") {
        const auto request = codec.decode_request(R"({"messages":[],"functions":[{"name":"f"}]})");
        REQUIRE(request.has_value());
        AnswerWishes wishes;
        wishes.request = &*request;
        const auto events =
            finished({begin_call("a", "f"), text("{\"x\":1}"), end_part(), begin_call("b", "f"), end_part()},
                     {StopReason::tool_use, 0, {}, {}, {}});
        const Written written = write(events, wishes);
        CHECK(finish_word(written) == "function_call");
        CHECK(calls_in(written).empty());
        CHECK(written.chunks[1]["choices"][0]["delta"]["function_call"] ==
              json::parse(R"({"name":"f","arguments":""})"));
        CHECK(written.chunks[2]["choices"][0]["delta"]["function_call"] == json::parse(R"({"arguments":"{\"x\":1}"})"));
        CHECK(written.drops.starts_with("answer: more than one call: "));
        const json choice = whole(events, wishes)["choices"][0];
        CHECK(choice["message"]["function_call"] == json::parse(R"({"name":"f","arguments":"{\"x\":1}"})"));
        CHECK(choice["finish_reason"] == "function_call");
    }

    TEST_CASE("stop reasons") {
        struct Row {
            StopReason reason;
            bool called;
            const char* expected;
        };
        const std::vector<Row> rows{
            {StopReason::end_turn, false, "stop"},
            {StopReason::stop_sequence, false, "stop"},
            {StopReason::max_tokens, false, "length"},
            {StopReason::context_window, false, "length"},
            {StopReason::refusal, false, "content_filter"},
            {StopReason::content_filter, false, "content_filter"},
            {StopReason::pause, false, "stop"},
            {StopReason::other, false, "stop"},
            {StopReason::tool_use, false, "stop"},
            {StopReason::tool_use, true, "tool_calls"},
            {StopReason::end_turn, true, "tool_calls"},
            {StopReason::max_tokens, true, "length"},
        };
        for (const auto& row : rows) {
            CAPTURE(static_cast<int>(row.reason));
            std::vector<AnswerEvent> parts;
            if (row.called) { parts = {begin_call("a", "f"), text("{}"), end_part()}; }
            const auto events = finished(parts, {row.reason, 0, {}, {}, {}});
            CHECK(finish_word(write(events)) == row.expected);
            CHECK(whole(events)["choices"][0]["finish_reason"] == row.expected);
        }
        // A refusal in words is said as one; an explanation alone becomes one.
        const auto said =
            finished({begin_part(PartKind::refusal), text("No."), end_part()}, {StopReason::refusal, 0, {}, {}, {}});
        CHECK(joined(write(said), "refusal") == "No.");
        CHECK(finish_word(write(said)) == "stop");
        const auto told = finished({}, {StopReason::refusal, 0, {}, {}, "Not allowed."});
        CHECK(joined(write(told), "refusal") == "Not allowed.");
        CHECK(whole(told)["choices"][0]["message"]["refusal"] == "Not allowed.");
        const auto stopped = finished({}, {StopReason::stop_sequence, 0, {}, "###", {}});
        CHECK(write(stopped).chunks.back()["choices"][0]["stop_reason"] == "###");
        CHECK(whole(stopped)["choices"][0]["stop_reason"] == "###");
    }

    TEST_CASE("texts: pieces of one are one, texts with something between are paragraphs; citations follow") {
        part::Citation citation;
        citation.url = "https://example.org/";
        citation.title = "T";
        part::Citation page;
        page.cited_text = "p. 3";
        const auto events =
            finished({begin_part(PartKind::text), text("Zür"), end_part(), begin_part(PartKind::text), text("ich"),
                      answer::Cited{0, citation}, answer::Cited{0, page}, end_part(), begin_part(PartKind::reasoning),
                      end_part(), begin_part(PartKind::text), text("is"), answer::Cited{0, citation}, end_part()});
        const Written written = write(events);
        CHECK(joined(written, "content") == "Zürich\n\nis");
        CHECK(written.drops == "answer: citations without an address: openai-chat cites addresses only\n");
        const json message = whole(events)["choices"][0]["message"];
        CHECK(message["content"] == "Zürich\n\nis");
        const json first = {{"start_index", 3}, {"end_index", 6}, {"url", citation.url}, {"title", "T"}};
        const json second = {{"start_index", 8}, {"end_index", 10}, {"url", citation.url}, {"title", "T"}};
        CHECK(message["annotations"][0]["url_citation"] == first);
        CHECK(message["annotations"][1]["url_citation"] == second);
        std::vector<json> streamed;
        for (const auto& chunk : written.chunks) {
            const json& delta = chunk["choices"][0]["delta"];
            if (delta.contains("annotations")) { streamed.push_back(delta["annotations"][0]["url_citation"]); }
        }
        CHECK(streamed == std::vector<json>{first, second});
        // Two messages of Responses are two paragraphs.
        const auto items = finished({begin_part(PartKind::text, "msg_1"), text("a"), end_part(),
                                     begin_part(PartKind::text, "msg_2"), text("b"), end_part()});
        CHECK(joined(write(items), "content") == "a\n\nb");
        CHECK(whole(items)["choices"][0]["message"]["content"] == "a\n\nb");
    }

    TEST_CASE("usage: only when asked for, whole numbers always, details when known") {
        Usage usage;
        usage.counts.input = 10;
        usage.counts.cache_read = 20;
        usage.counts.cache_write_5m = 3;
        usage.counts.cache_write_1h = 4;
        usage.counts.output = 50;
        usage.counts.reasoning = 40;
        usage.service_tier = "priority";
        const auto events = finished({answer::UsageSeen{usage}});
        const json expected = json::parse(R"({"prompt_tokens":37,"completion_tokens":50,"total_tokens":87,
            "prompt_tokens_details":{"cached_tokens":20,"cache_write_tokens":7},
            "completion_tokens_details":{"reasoning_tokens":40}})");
        CHECK(write(events).stream.find("usage") == std::string::npos);
        AnswerWishes wishes;
        wishes.stream_usage = true;
        const Written written = write(events, wishes);
        CHECK(written.chunks.back()["choices"] == json::array());
        CHECK(written.chunks.back()["usage"] == expected);
        CHECK(written.chunks.back()["service_tier"] == "priority");
        CHECK(written.chunks.front()["usage"].is_null());
        CHECK(whole(events)["usage"] == expected);
        CHECK(whole(events)["service_tier"] == "priority");
        // Little is known: what clients must have is there.
        const auto little = finished({answer::UsageSeen{}});
        CHECK(whole(little)["usage"] == json::parse(R"({"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})"));
        CHECK_FALSE(whole(finished({})).contains("usage"));
        CHECK(write(finished({}), wishes).chunks.back()["choices"].size() == 1);
    }

    TEST_CASE("envelope: the provider's where it says, the client's wishes where not") {
        const json said = write(finished({})).chunks.front();
        CHECK(said["id"] == "msg_1");
        CHECK(said["model"] == "model-1");
        CHECK(said["created"] == 7);
        AnswerWishes wishes;
        wishes.call_id = "0190";
        wishes.model = "asked";
        wishes.now_s = 99;
        const std::vector<AnswerEvent> bare{answer::Begin{}, Finish{}, answer::End{}};
        const json made = write(bare, wishes).chunks.front();
        CHECK(made["id"] == "chatcmpl-0190");
        CHECK(made["model"] == "asked");
        CHECK(made["created"] == 99);
        const json body = whole(bare, wishes);
        CHECK(body["id"] == "chatcmpl-0190");
        CHECK(body["object"] == "chat.completion");
        CHECK(body["choices"][0]["message"]["content"] == "");
    }

    TEST_CASE("an error ends the stream without [DONE], wherever it comes") {
        const ApiError error{529, ErrorClass::overloaded, "busy", {}, {}};
        for (const std::vector<AnswerEvent>& events :
             {std::vector<AnswerEvent>{answer::Failed{error}, answer::End{}},
              std::vector<AnswerEvent>{answer::Begin{"a", "m", 1}, begin_call("c", "f"), text("{\"x"),
                                       answer::Failed{error}, answer::End{}}}) {
            const Written written = write(events);
            CHECK(written.chunks.back()["error"]["message"] == "busy");
            CHECK(written.stream.find("[DONE]") == std::string::npos);
        }
    }

    TEST_CASE("logprobs of other dialects become this one's") {
        const std::string tokens = R"([{"token":"H","logprob":-0.5,"bytes":[72],"top_logprobs":[]}])";
        const std::string gemini =
            R"({"chosenCandidates":[{"token":"H","tokenId":4,"logProbability":-0.5}],)"
            R"("topCandidates":[{"candidates":[{"token":"H","logProbability":-0.5},{"token":"J","logProbability":-2}]}]})";
        const auto events = [&](const std::string& raw) {
            return finished(
                {begin_part(PartKind::text), text("H"), Delta{DeltaKind::logprobs, 0, {}, raw}, end_part()});
        };
        const json plain = json::parse(tokens);
        const json said = whole(events(tokens))["choices"][0]["logprobs"];
        CHECK(said["content"] == plain);
        CHECK(whole(events(R"({"content":)" + tokens + R"(,"refusal":null})"))["choices"][0]["logprobs"] == said);
        const json converted = whole(events(gemini))["choices"][0]["logprobs"]["content"][0];
        CHECK(converted == json::parse(R"({"token":"H","logprob":-0.5,"bytes":null,"top_logprobs":[
            {"token":"H","logprob":-0.5,"bytes":null},{"token":"J","logprob":-2,"bytes":null}]})"));
        std::vector<json> streamed;
        for (const auto& chunk : write(events(gemini)).chunks) {
            if (chunk["choices"][0].contains("logprobs")) {
                streamed.push_back(chunk["choices"][0]["logprobs"]["content"][0]);
            }
        }
        CHECK(streamed == std::vector<json>{converted});
        // Two pieces are one list.
        const auto two = finished({begin_part(PartKind::text), text("H"), Delta{DeltaKind::logprobs, 0, {}, tokens},
                                   text("H"), Delta{DeltaKind::logprobs, 0, {}, tokens}, end_part()});
        CHECK(whole(two)["choices"][0]["logprobs"]["content"].size() == 2);
    }

    TEST_CASE("blocks and media without a place are named; images go out as OpenRouter says them") {
        auto block = begin_part(PartKind::foreign);
        block.foreign = {DialectId::anthropic, "server_tool_use", "{}", {}, false};
        auto image = begin_part(PartKind::media);
        image.media.media_type = "image/webp";
        image.media.data = "UklG";
        auto sound = begin_part(PartKind::media);
        sound.media.kind = part::MediaKind::audio;
        sound.media.data = "UklG";
        const auto events = finished({block, end_part(), image, end_part(), sound, end_part()});
        const Written written = write(events);
        CHECK(written.drops ==
              "answer: server_tool_use: openai-chat has no such block\n"
              "answer: media: openai-chat has no place for it in a stream\n");
        const json expected =
            json::parse(R"([{"type":"image_url","image_url":{"url":"data:image/webp;base64,UklG"}}])");
        CHECK(whole(events)["choices"][0]["message"]["images"] == expected);
        CHECK(written.chunks[1]["choices"][0]["delta"]["images"] == expected);
    }

    TEST_CASE("several candidates are several choices, each with its role and its end") {
        answer::PartBegin second = begin_part(PartKind::text);
        second.candidate = 1;
        std::vector<AnswerEvent> events{answer::Begin{"a", "m", 1},
                                        begin_part(PartKind::text),
                                        text("A"),
                                        second,
                                        Delta{DeltaKind::text, 1, "B", {}},
                                        PartEnd{1, {}, false},
                                        end_part(),
                                        Finish{},
                                        Finish{StopReason::max_tokens, 1, {}, {}, {}},
                                        answer::End{}};
        const Written written = write(events);
        const auto twice = assemble(read_answer(codec, written.stream, written.stream.size()));
        REQUIRE(twice.candidates.size() == 2);
        CHECK(twice.candidates[1].parts[0].text == "B");
        const json choices = whole(events)["choices"];
        CHECK(choices[1]["message"]["content"] == "B");
        CHECK(choices[1]["finish_reason"] == "length");
    }

    TEST_CASE("what is no answer of this dialect is refused") {
        std::vector<AnswerEvent> events;
        for (const char* body : {"", "null", "[]", "{}", R"({"choices":[]})", R"({"choices":null})",
                                 R"({"id":"a","choices":[{)", R"({"object":"list","data":[]})", "<html>"}) {
            CAPTURE(body);
            CHECK_FALSE(codec.decode_answer(body, events));
            CHECK(events.empty());
        }
        CHECK(codec.decode_answer(R"({"error":{"message":"no","code":429}})", events));
        CHECK(events_text(events) == "failed 429 rate_limit no\nend\n");
        // The object itself is the error at vLLM and Mistral; in a stream its event may be named so.
        events.clear();
        CHECK(codec.decode_answer(R"({"object":"error","message":"bad","type":"invalid_request_error"})", events));
        CHECK(events_text(events) == "failed 400 bad_request bad\nend\n");
        CHECK(events_text(read_answer(codec, "event: error\ndata: {\"message\":\"bad\",\"code\":500}\n\n", 99)) ==
              "failed 500 server bad\nend\n");
    }

    TEST_CASE("text cut inside a character waits for the rest, read and written") {
        const auto delta = [](const std::string& inner) {
            return R"(data: {"choices":[{"index":0,"delta":)" + inner + "}]}\n\n";
        };
        const std::string stream =
            delta(R"({"content":"a \ud83d"})") + delta(R"({"content":"\ude00 \udc00 \ud800x"})") +
            delta(R"({"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":\"\ud83d"}}]})") +
            delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"\uDE00\"}"}}]})") + "data: [DONE]\n\n";
        const auto parts = assemble(read_answer(codec, stream, stream.size())).candidates[0].parts;
        REQUIRE(parts.size() == 2);
        CHECK(parts[0].text == "a \U0001F600 \uFFFD \uFFFDx");
        CHECK(parts[1].text == "{\"a\":\"\U0001F600\"}");
        // Other dialects' providers may cut between bytes.
        std::vector<AnswerEvent> events{begin_part(PartKind::text)};
        for (const char byte : std::string("Z\u00fc \U0001F600")) {
            events.emplace_back(text(std::string(1, byte)));
        }
        events.emplace_back(text("\xF0"));
        events.emplace_back(end_part());
        const Written written = write(finished(events));
        CHECK(joined(written, "content") == "Z\u00fc \U0001F600\uFFFD");
        CHECK(written.chunks.size() == 7);
    }

    TEST_CASE("<think> is reasoning only where the host's trait says so") {
        const std::string body = R"({"id":"a","choices":[{"message":{"content":" <think>Hm</think>\n\nYes"}}]})";
        std::vector<AnswerEvent> plain;
        REQUIRE(codec.decode_answer(body, plain));
        CHECK(assemble(plain).candidates[0].parts[0].text == " <think>Hm</think>\n\nYes");
        TargetTraits traits;
        traits.think_tags = true;
        std::vector<AnswerEvent> split;
        REQUIRE(codec.decode_answer_for(traits, body, split));
        CHECK(events_text(split) ==
              "begin id=\"a\"\npart reasoning\nreasoning_text \"Hm\"\nend_part\npart text\ntext \"Yes\"\nend_part\n"
              "finish reason=\"end_turn\"\nend\n");
        // Cut anywhere the same; a tag later in the text is text.
        const std::string said = "<think>a < b</think> x <think>y</think>";
        for (std::size_t cut = 0; cut <= said.size(); ++cut) {
            const auto chunk = [](const std::string& content) {
                return "data: " + json{{"choices", {{{"delta", {{"content", content}}}}}}}.dump() + "\n\n";
            };
            const std::string stream = chunk(said.substr(0, cut)) + chunk(said.substr(cut)) + "data: [DONE]\n\n";
            const auto decoder = codec.answer_decoder_for(traits);
            std::vector<AnswerEvent> events;
            SseFramer framer;
            for (const auto& sse : framer.feed(stream)) {
                decoder->decode(sse, events);
            }
            const auto parts = assemble(events).candidates[0].parts;
            CAPTURE(cut);
            REQUIRE(parts.size() == 2);
            CHECK(parts[0].text == "a < b");
            CHECK(parts[1].text == "x <think>y</think>");
        }
        // A thought that never ends is a thought.
        std::vector<AnswerEvent> open;
        REQUIRE(codec.decode_answer_for(traits, R"({"choices":[{"message":{"content":"<think>Hm</th"}}]})", open));
        CHECK(assemble(open).candidates[0].parts[0].text == "Hm</th");
        CHECK(assemble(open).candidates[0].parts[0].begin.kind == PartKind::reasoning);
    }
}
