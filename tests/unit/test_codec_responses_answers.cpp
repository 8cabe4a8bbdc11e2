// What clients of this dialect are told, whatever provider answers: Codex's tools, seals that come back, the grammar.
#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using answer::DeltaKind;
using answer::PartKind;
using answer::StopReason;
using nlohmann::json;

namespace {

const wire::OpenAiResponsesCodec codec;

const char* const codex_request = R"({"model":"gpt-6-sol","stream":true,"store":false,
 "include":["reasoning.encrypted_content"],"input":[
 {"type":"additional_tools","role":"developer","tools":[
  {"type":"namespace","name":"functions","tools":[
   {"type":"custom","name":"exec","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
   {"type":"function","name":"wait","parameters":{"type":"object"}}]},
  {"type":"namespace","name":"mcp__mail","tools":[{"type":"function","name":"send","parameters":{"type":"object"}}]}]},
 {"role":"user","content":"Go."}],
 "tools":[{"type":"custom","name":"apply_patch"},{"type":"tool_search","execution":"client","parameters":{"type":"object"}}]})";

AnswerWishes wishes(const ChatRequest* request = nullptr) {
    AnswerWishes made;
    made.call_id = "0190aaaa";
    made.model = "asked-for";
    made.now_s = 1700000000;
    made.request = request;
    return made;
}

struct Script {
    std::vector<AnswerEvent> events;

    Script() { events.emplace_back(answer::Begin{"msg_abc", "some-model", 0}); }
    Script& begin(PartKind kind, std::string item_id = {}) {
        answer::PartBegin part;
        part.kind = kind;
        part.item_id = std::move(item_id);
        events.emplace_back(std::move(part));
        return *this;
    }
    Script& call(std::string id, std::string name, Sealed sealed = {}) {
        answer::PartBegin part;
        part.kind = PartKind::tool_call;
        part.call.id = std::move(id);
        part.call.name = std::move(name);
        part.call.sealed = std::move(sealed);
        events.emplace_back(std::move(part));
        return *this;
    }
    Script& say(std::string_view text, std::size_t piece_bytes = std::string::npos, DeltaKind kind = DeltaKind::text) {
        for (std::size_t at = 0; at < text.size(); at += std::min(piece_bytes, text.size())) {
            events.emplace_back(answer::Delta{kind, 0, std::string(text.substr(at, piece_bytes)), {}});
        }
        return *this;
    }
    Script& end(Sealed sealed = {}, bool redacted = false) {
        events.emplace_back(answer::PartEnd{0, std::move(sealed), redacted});
        return *this;
    }
    Script& finish(StopReason reason, std::string message = {}) {
        events.emplace_back(answer::Finish{reason, 0, "", "", std::move(message)});
        events.emplace_back(answer::End{});
        return *this;
    }
    Script& usage(Usage usage) {
        events.emplace_back(answer::UsageSeen{std::move(usage)});
        return *this;
    }
};

std::vector<json> events_of(const std::string& stream) {
    std::vector<json> out;
    SseFramer framer;
    for (const auto& sse : framer.feed(stream)) {
        out.push_back(json::parse(sse.data));
    }
    return out;
}

struct Written {
    std::string stream;
    std::vector<json> events;
    json response;  // of the last event
    std::string drops;
};

// Writes a stream, which has to be valid, and the whole answer, which has to be what the stream ends with.
Written write(const Script& script, const AnswerWishes& asked) {
    REQUIRE(grammar_fault(script.events) == "");
    Written written;
    Drops drops;
    written.stream = write_answer(codec, script.events, asked, drops);
    written.drops = drops_text(drops);
    CHECK(stream_fault(codec, written.stream) == "");
    written.events = events_of(written.stream);
    REQUIRE_FALSE(written.events.empty());
    written.response = written.events.back()["response"];
    Drops same;
    CHECK(json::parse(codec.encode_answer(script.events, asked, same)) == written.response);
    return written;
}

std::string joined(const std::vector<json>& events, const std::string& type, const std::string& item_id) {
    std::string text;
    for (const auto& event : events) {
        if (event["type"] == type && event["item_id"] == item_id) { text += event["delta"].get<std::string>(); }
    }
    return text;
}

const std::string patch =
    "*** Begin Patch\n*** Update File: a.txt\n@@\n-\"old\" \\ \t\n+nov\xC3\xBD \xF0\x9F\x9A\x80\n*** End Patch";

}  // namespace

TEST_SUITE("codec/responses/answers") {
    TEST_CASE("Codex: custom tools, namespaces and tool_search come back as what they were declared") {
        const auto request = codec.decode_request(codex_request);
        REQUIRE(request);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{16}, std::string::npos}) {
            CAPTURE(piece);
            Script script;
            script.begin(PartKind::text).say("I will.").end();
            script.call("toolu_1", "exec").say(wire::bridged_arguments("text(1);\n\"x\""), piece).end();
            script.call("toolu_2", "apply_patch").say(wire::bridged_arguments(patch), piece).end();
            script.call("toolu_3", "mcp__mail__send").say(R"({"to": "a", "n": 1.0})", piece).end();
            script.call("toolu_4", "wait").end();
            script.call("toolu_5", "tool_search").say(R"({"query":"mail"})", piece).end();
            script.call("toolu_6", "unheard_of").say("not json", piece).end();
            script.finish(StopReason::tool_use);
            const Written written = write(script, wishes(&*request));
            const json& output = written.response["output"];
            REQUIRE(output.size() == 7);
            CHECK(output[0]["content"][0]["text"] == "I will.");
            CHECK(output[1]["type"] == "custom_tool_call");
            CHECK(output[1]["name"] == "exec");
            CHECK_FALSE(output[1].contains("namespace"));
            CHECK(output[1]["call_id"] == "toolu_1");
            CHECK(output[1]["input"] == "text(1);\n\"x\"");
            CHECK(output[2]["type"] == "custom_tool_call");
            CHECK(output[2]["input"] == patch);
            CHECK(joined(written.events, "response.custom_tool_call_input.delta", output[2]["id"]) == patch);
            CHECK(output[3]["type"] == "function_call");
            CHECK(output[3]["name"] == "send");
            CHECK(output[3]["namespace"] == "mcp__mail");
            CHECK(output[3]["arguments"] == R"({"to": "a", "n": 1.0})");
            CHECK(joined(written.events, "response.function_call_arguments.delta", output[3]["id"]) ==
                  R"({"to": "a", "n": 1.0})");
            CHECK(output[4]["name"] == "wait");
            CHECK(output[4]["arguments"] == "{}");
            CHECK(joined(written.events, "response.function_call_arguments.delta", output[4]["id"]) == "{}");
            CHECK(output[5]["type"] == "tool_search_call");
            CHECK(output[5]["execution"] == "client");
            CHECK(output[5]["arguments"] == json{{"query", "mail"}});
            CHECK(output[6]["name"] == "unheard_of");
            CHECK(output[6]["arguments"] == "not json");
            CHECK(written.response["status"] == "completed");
            CHECK(written.drops == "");
        }
    }

    TEST_CASE("Codex: input streams as it comes, each piece at once") {
        const auto request = codec.decode_request(codex_request);
        REQUIRE(request);
        Drops drops;
        const auto encoder = codec.answer_encoder(wishes(&*request), drops);
        std::string out;
        const auto send = [&](const AnswerEvent& event) {
            out.clear();
            encoder->encode(event, out);
            return out;
        };
        Script script;
        script.call("c", "exec");
        for (const auto& event : script.events) {
            CHECK_FALSE(send(event).empty());
        }
        const auto piece = [&](const char* text) { return send(answer::Delta{DeltaKind::text, 0, text, {}}); };
        CHECK(piece(R"({"inp)").empty());
        CHECK(events_of(piece(R"(ut": "ab\)")).front()["delta"] == "ab");
        CHECK(events_of(piece(R"(nc)")).front()["delta"] == "\nc");
        CHECK(piece(R"("})").empty());
        CHECK(events_of(send(answer::PartEnd{})).size() == 2);
    }

    TEST_CASE("seals of other providers travel through the client and come back") {
        const auto request = codec.decode_request(codex_request);
        REQUIRE(request);
        Script script;
        script.begin(PartKind::reasoning).say("Let me think.", 4, DeltaKind::reasoning_text);
        script.end({DialectId::anthropic, "signature==", ""});
        script.begin(PartKind::reasoning).end({DialectId::anthropic, "redacted data", ""}, true);
        script.call("toolu_1", "exec", {DialectId::gemini, "thought", ""}).say(R"({"input":"x"})").end();
        script.call("call_9", "wait").end({DialectId::gemini, "late", ""});
        script.finish(StopReason::tool_use);
        const Written written = write(script, wishes(&*request));
        const json& output = written.response["output"];
        CHECK(output[0]["summary"][0]["text"] == "Let me think.");
        CHECK(output[0]["encrypted_content"].get<std::string>().starts_with("llmgw1."));
        CHECK(written.stream.find("signature==") == std::string::npos);

        json next = json::parse(codex_request);
        for (const auto& item : output) {
            next["input"].push_back(item);
        }
        for (const int at : {2, 3}) {
            next["input"].push_back({{"type", at == 2 ? "custom_tool_call_output" : "function_call_output"},
                                     {"call_id", output[at]["call_id"]},
                                     {"output", "done"}});
        }
        const auto again = codec.decode_request(next.dump());
        REQUIRE(again);
        const auto& said = again->messages[2].parts;
        REQUIRE(again->messages.size() == 4);
        REQUIRE(said.size() == 4);
        const auto& thought = std::get<part::Reasoning>(said[0]);
        CHECK(thought.text == "Let me think.");
        CHECK(thought.summary.empty());
        CHECK(thought.sealed == Sealed{DialectId::anthropic, "signature==", ""});
        CHECK_FALSE(thought.redacted);
        const auto& redacted = std::get<part::Reasoning>(said[1]);
        CHECK(redacted.sealed == Sealed{DialectId::anthropic, "redacted data", ""});
        CHECK(redacted.redacted);
        const auto& call = std::get<part::ToolCall>(said[2]);
        CHECK(call.id == "toolu_1");
        CHECK(call.custom);
        CHECK(call.sealed == Sealed{DialectId::gemini, "thought", ""});
        CHECK(std::get<part::ToolCall>(said[3]).sealed == Sealed{DialectId::gemini, "late", ""});
        const auto& results = again->messages[3].parts;
        CHECK(std::get<part::ToolResult>(results[0]).call_id == "toolu_1");
        CHECK(std::get<part::ToolResult>(results[1]).call_id == "call_9");

        // None of it may reach OpenAI itself, were the session to go on there.
        Drops drops;
        TargetTraits target;
        target.model = "gpt-6-sol";
        const auto sent = codec.encode_request(*again, target, drops);
        REQUIRE(sent);
        CHECK(sent->body.find("llmgw1") == std::string::npos);
        CHECK(sent->body.find("signature==") == std::string::npos);
        CHECK(sent->body.find("rs_llmgw") == std::string::npos);
    }

    TEST_CASE("what a client did not ask for is not said") {
        Script script;
        script.begin(PartKind::reasoning)
            .say("hidden", 2, DeltaKind::reasoning_text)
            .end({DialectId::anthropic, "s", ""});
        script.begin(PartKind::text).say("shown").end().finish(StopReason::end_turn);
        AnswerWishes asked = wishes();
        asked.show_reasoning = false;
        const Written sealed_only = write(script, asked);
        CHECK(sealed_only.stream.find("hidden") == std::string::npos);
        CHECK(sealed_only.response["output"][0]["summary"].empty());
        CHECK(sealed_only.response["output"][0].contains("encrypted_content"));
        asked.wants_sealed = false;
        CHECK(write(script, asked).response["output"].size() == 1);
        asked.show_reasoning = true;
        const Written shown_only = write(script, asked);
        CHECK(shown_only.response["output"][0]["summary"][0]["text"] == "hidden");
        CHECK_FALSE(shown_only.response["output"][0].contains("encrypted_content"));
    }

    TEST_CASE("texts in a row are one message; ids are made of the call's, and the same each time") {
        Script script;
        script.begin(PartKind::text).say("One.").end().begin(PartKind::text).say("Two.").end();
        script.call("c1", "f").end().begin(PartKind::text).say("Three.").end().finish(StopReason::max_tokens);
        const Written written = write(script, wishes());
        const json& output = written.response["output"];
        REQUIRE(output.size() == 3);
        CHECK(output[0]["content"].size() == 2);
        CHECK(output[0]["content"][1]["text"] == "Two.");
        CHECK(output[0]["id"].get<std::string>().starts_with("msg_"));
        CHECK(output[1]["id"].get<std::string>().starts_with("fc_"));
        CHECK(output[2]["status"] == "incomplete");
        CHECK(written.response["id"] == "resp_abc");
        CHECK(written.response["created_at"] == 1700000000);
        CHECK(written.response["incomplete_details"]["reason"] == "max_output_tokens");
        CHECK(written.events.back()["type"] == "response.incomplete");
        CHECK(write(script, wishes()).stream == written.stream);
    }

    TEST_CASE("stop reasons") {
        struct Row {
            StopReason reason;
            const char* status;
            const char* incomplete;
        };
        const Row rows[] = {
            {StopReason::end_turn, "completed", ""},
            {StopReason::stop_sequence, "completed", ""},
            {StopReason::tool_use, "completed", ""},
            {StopReason::pause, "completed", ""},
            {StopReason::other, "completed", ""},
            {StopReason::max_tokens, "incomplete", "max_output_tokens"},
            {StopReason::context_window, "incomplete", "max_output_tokens"},
            {StopReason::content_filter, "incomplete", "content_filter"},
            {StopReason::refusal, "incomplete", "content_filter"},
        };
        for (const auto& row : rows) {
            const Written written = write(Script().begin(PartKind::text).say("x").end().finish(row.reason), wishes());
            CHECK(written.response["status"] == row.status);
            const json& details = written.response["incomplete_details"];
            CHECK((details.is_null() ? "" : details["reason"].get<std::string>()) == row.incomplete);
        }
        // A refusal in words, from the model and from the provider.
        const Written model =
            write(Script().begin(PartKind::refusal).say("No.").end().finish(StopReason::refusal), wishes());
        CHECK(model.response["status"] == "completed");
        CHECK(model.response["output"][0]["content"][0]["refusal"] == "No.");
        const Written provider = write(Script().finish(StopReason::refusal, "Not this."), wishes());
        CHECK(provider.response["status"] == "incomplete");
        CHECK(provider.response["output"][0]["content"][0]["refusal"] == "Not this.");
    }

    TEST_CASE("usage") {
        Usage usage;
        usage.counts = {10, 60, 20, 10, 50, 30, std::nullopt, std::nullopt};
        usage.service_tier = "standard";
        const Written written = write(Script().usage(usage).finish(StopReason::end_turn), wishes());
        CHECK(written.response["usage"] ==
              json::parse(R"({"input_tokens":100,"input_tokens_details":{"cached_tokens":60,
            "cache_write_tokens":30},"output_tokens":50,"output_tokens_details":{"reasoning_tokens":30},"total_tokens":150})"));
        CHECK(written.response["service_tier"] == "default");
        CHECK(write(Script().finish(StopReason::end_turn), wishes()).response["usage"].is_null());
        Usage bare;
        bare.counts.output = 7;
        const json few = write(Script().usage(bare).finish(StopReason::end_turn), wishes()).response["usage"];
        // The details are there all the same: typed clients read through them without looking.
        CHECK(few == json::parse(R"({"input_tokens":0,"input_tokens_details":{"cached_tokens":0},
            "output_tokens":7,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":7})"));
    }

    TEST_CASE("citations: URLs with their places, or over the whole text") {
        Script script;
        script.begin(PartKind::text);
        part::Citation placed;
        placed.url = "https://example.org/a";
        placed.title = "A";
        placed.begin = 1;
        placed.end = 3;
        part::Citation whole;
        whole.url = "https://example.org/b";
        part::Citation document;
        document.title = "a page";
        script.events.emplace_back(answer::Cited{0, whole});
        script.say("\xC3\xA9\xF0\x9F\x9A\x80xy");
        script.events.emplace_back(answer::Cited{0, placed});
        script.events.emplace_back(answer::Cited{0, document});
        script.end().finish(StopReason::end_turn);
        const Written written = write(script, wishes());
        const json& annotations = written.response["output"][0]["content"][0]["annotations"];
        REQUIRE(annotations.size() == 2);
        CHECK(annotations[0]["start_index"] == 1);
        CHECK(annotations[0]["end_index"] == 3);
        CHECK(annotations[1]["url"] == "https://example.org/b");
        CHECK(annotations[1]["start_index"] == 0);
        CHECK(annotations[1]["end_index"] == 4);
        CHECK(written.drops == "citations: openai-responses cites URLs only\n");
    }

    TEST_CASE("logprobs: in this dialect's form and openai-chat's; others are named") {
        const json one = {{"token", "a"}, {"logprob", -0.5}, {"bytes", {97}}, {"top_logprobs", json::array()}};
        const auto said = [&](const json& raw) {
            Script script;
            script.begin(PartKind::text).say("a");
            script.events.emplace_back(answer::Delta{DeltaKind::logprobs, 0, {}, raw.dump()});
            return write(script.end().finish(StopReason::end_turn), wishes());
        };
        for (const json& raw : {json::array({one}), json{{"content", json::array({one})}, {"refusal", nullptr}}}) {
            const Written written = said(raw);
            CHECK(written.response["output"][0]["content"][0]["logprobs"] == json::array({one}));
            CHECK(written.drops == "");
        }
        CHECK(said({{"chosenCandidates", json::array()}}).drops == "logprobs: they are in another provider's form\n");
    }

    TEST_CASE("what has no place here is named") {
        Script script;
        answer::PartBegin foreign;
        foreign.kind = PartKind::foreign;
        foreign.foreign = {DialectId::anthropic, "server_tool_use", "{}", {}};
        script.events.emplace_back(foreign);
        script.end();
        answer::PartBegin image;
        image.kind = PartKind::media;
        image.media.media_type = "image/png";
        image.media.data = "iVBO";
        script.events.emplace_back(image);
        script.end();
        answer::PartBegin second;
        second.candidate = 1;
        script.events.emplace_back(second);
        script.events.emplace_back(answer::PartEnd{1, {}, false});
        script.finish(StopReason::pause);
        const Written written = write(script, wishes());
        CHECK(written.drops ==
              "server_tool_use: openai-responses has no such item\n"
              "n: openai-responses has one answer only\n"
              "pause_turn: openai-responses has no such end\n");
        REQUIRE(written.response["output"].size() == 1);
        CHECK(written.response["output"][0]["type"] == "image_generation_call");
        CHECK(written.response["output"][0]["result"] == "iVBO");
    }

    TEST_CASE("an error ends the stream, wherever it stands") {
        ApiError error;
        error.error_class = ErrorClass::rate_limit;
        error.message = "Slow down. Please try again in 3s.";
        const Script open = Script().begin(PartKind::text).say("half");
        for (std::size_t size = 0; size <= open.events.size(); ++size) {
            CAPTURE(size);
            std::vector<AnswerEvent> events(open.events.begin(),
                                            open.events.begin() + static_cast<std::ptrdiff_t>(size));
            events.emplace_back(answer::Failed{error});
            events.emplace_back(answer::End{});
            Drops drops;
            const std::string stream = write_answer(codec, events, wishes(), drops);
            CHECK(stream_fault(codec, stream) == "");
            const json last = events_of(stream).back();
            CHECK(last["type"] == "response.failed");
            CHECK(last["response"]["error"]["code"] == "rate_limit_exceeded");
            CHECK(last["response"]["error"]["message"] == error.message);
            CHECK(last["response"]["model"] == (size == 0 ? "asked-for" : "some-model"));
        }
    }

    TEST_CASE("the request is echoed") {
        const auto request = codec.decode_request(
            R"({"model":"m","instructions":"Be brief.","input":"hi","temperature":0.50,"store":false,"metadata":{"k":"v"},
            "tools":[{"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"f"}]},
            {"type":"web_search"}],"tool_choice":{"type":"function","name":"f","namespace":"n"},"max_output_tokens":99,
            "reasoning":{"effort":"low","summary":"auto"},"text":{"format":{"type":"json_schema","name":"a","schema":{}},
            "verbosity":"low"},"previous_response_id":"resp_0","parallel_tool_calls":false,"service_tier":"flex"})");
        REQUIRE(request);
        const json response = write(Script().finish(StopReason::end_turn), wishes(&*request)).response;
        CHECK(response["instructions"] == "Be brief.");
        CHECK(response["temperature"] == 0.5);
        CHECK(response["store"] == false);
        CHECK(response["metadata"] == json{{"k", "v"}});
        CHECK(response["tools"] == json::parse(R"([{"type":"namespace","name":"n","description":"d",
            "tools":[{"type":"function","name":"f"}]},{"type":"web_search"}])"));
        CHECK(response["tool_choice"] == json{{"type", "function"}, {"name", "f"}, {"namespace", "n"}});
        CHECK(response["max_output_tokens"] == 99);
        CHECK(response["reasoning"] == json{{"effort", "low"}, {"summary", "auto"}});
        CHECK(response["text"]["format"]["name"] == "a");
        CHECK(response["text"]["verbosity"] == "low");
        CHECK(response["previous_response_id"] == "resp_0");
        CHECK(response["parallel_tool_calls"] == false);
        CHECK(response["service_tier"] == "flex");
    }

    TEST_CASE("JSON taken over from many lines stays on one") {
        const auto request =
            codec.decode_request("{\"model\":\"m\",\"input\":\"hi\",\"tools\":[{\n\"type\":\r\n\"web_search\"}]}");
        REQUIRE(request);
        CHECK(write(Script().finish(StopReason::end_turn), wishes(&*request)).response["tools"].size() == 1);
    }
}

TEST_SUITE("codec/responses/properties") {
    TEST_CASE("T1: arguments are the same however the provider cuts them") {
        const std::string arguments = "{\"path\": \"a\\n\\u00e9 \xC3\xA9\", \"n\": 1.0, \"deep\": {\"x\": [1, 2]}}";
        const auto event = [](const char* type, json data) {
            data["type"] = type;
            return "event: " + std::string(type) + "\ndata: " + data.dump() + "\n\n";
        };
        const auto whole_characters = [](const std::string& text, std::size_t at) {
            while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
                ++at;
            }
            return at;
        };
        for (std::size_t size = 0; size <= arguments.size(); ++size) {
            for (const bool deltas_only : {false, true}) {
                const json item = {{"id", "fc_1"}, {"type", "function_call"}, {"call_id", "c"}, {"name", "f"}};
                std::string stream = event("response.created", {{"response", {{"id", "resp_1"}}}});
                json added = item;
                added["arguments"] = "";
                stream += event("response.output_item.added", {{"output_index", 0}, {"item", added}});
                // 0: no delta at all.
                for (std::size_t at = 0; size > 0 && at < arguments.size();) {
                    const std::size_t end = whole_characters(arguments, std::min(at + size, arguments.size()));
                    stream += event("response.function_call_arguments.delta",
                                    {{"output_index", 0}, {"delta", arguments.substr(at, end - at)}});
                    at = end;
                }
                json done = item;
                if (!deltas_only || size == 0) { done["arguments"] = arguments; }
                stream += event("response.output_item.done", {{"output_index", 0}, {"item", done}});
                stream += event("response.completed", {{"response", {{"id", "resp_1"}, {"status", "completed"}}}});
                const auto events = read_answer(codec, stream, 1000);
                CHECK(grammar_fault(events) == "");
                CHECK(assemble(events).candidates[0].parts[0].text == arguments);
                CHECK(assemble(events).candidates[0].finish->reason == StopReason::tool_use);
            }
        }
    }

    TEST_CASE("T2: whatever is said by the grammar is written as a valid stream that says the same") {
        std::mt19937 random(7);
        const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
        const std::string letters = "ab \"\\{}\n\xC3\xA9";
        const auto text = [&] {
            std::string out;
            for (int n = below(12); n > 0; --n) {
                const int at = below(9);
                out += at == 8 ? letters.substr(8) : letters.substr(static_cast<std::size_t>(at), 1);
            }
            return out;
        };
        const auto request = codec.decode_request(codex_request);
        REQUIRE(request);
        for (int round = 0; round < 1500; ++round) {
            CAPTURE(round);
            Script script;
            bool called = false;
            for (int parts = below(6); parts > 0; --parts) {
                switch (below(5)) {
                    case 0: script.begin(PartKind::text); break;
                    case 1: script.begin(PartKind::refusal); break;
                    case 2:
                        script.begin(PartKind::reasoning);
                        for (int n = below(4); n > 0; --n) {
                            const int kind = below(3);
                            script.events.emplace_back(answer::Delta{kind == 0   ? DeltaKind::summary
                                                                     : kind == 1 ? DeltaKind::summary_break
                                                                                 : DeltaKind::reasoning_text,
                                                                     0,
                                                                     kind == 1 ? "" : text(),
                                                                     {}});
                        }
                        script.end({DialectId::gemini, text(), ""});
                        continue;
                    default:
                        script.call("call_" + std::to_string(parts), below(2) == 0 ? "exec" : "wait");
                        called = true;
                }
                for (int n = below(5); n > 0; --n) {
                    script.say(text(), 1 + static_cast<std::size_t>(below(100)));
                }
                if (below(4) == 0) { script.usage({}); }
                script.end();
            }
            script.finish(called ? StopReason::tool_use : StopReason::end_turn);
            const Written written = write(script, wishes(&*request));
            const auto back = read_answer(codec, written.stream, 64);
            CHECK(grammar_fault(back) == "");
            const WholeAnswer before = assemble(script.events);
            const WholeAnswer after = assemble(back);
            REQUIRE(after.candidates[0].parts.size() == before.candidates[0].parts.size());
            for (std::size_t i = 0; i < before.candidates[0].parts.size(); ++i) {
                const auto& was = before.candidates[0].parts[i];
                const auto& is = after.candidates[0].parts[i];
                CHECK(is.begin.kind == was.begin.kind);
                if (was.begin.kind == PartKind::text || was.begin.kind == PartKind::refusal) {
                    CHECK(is.text == was.text);
                }
                if (was.begin.call.name == "wait") { CHECK(is.text == (was.text.empty() ? "{}" : was.text)); }
            }
        }
    }

    TEST_CASE("streams that lose, repeat or swap events are read by the grammar all the same") {
        for (const char* name : {"ids-rotate", "side-by-side", "whole-items", "text-and-reasoning"}) {
            const std::string stream =
                read_file(fs::path(LLMGW_SOURCE_DIR) / "tests/dialects/openai-responses" / name / "stream.sse");
            std::vector<std::string> events;
            SseFramer framer;
            for (const auto& sse : framer.feed(stream)) {
                events.emplace_back(sse.raw);
            }
            const auto check = [&](const std::vector<std::string>& changed) {
                std::string bytes;
                for (const auto& event : changed) {
                    bytes += event;
                }
                CHECK(grammar_fault(read_answer(codec, bytes, bytes.size())) == "");
            };
            for (std::size_t i = 0; i < events.size(); ++i) {
                auto lost = events;
                lost.erase(lost.begin() + static_cast<std::ptrdiff_t>(i));
                check(lost);
                auto twice = events;
                twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), events[i]);
                check(twice);
                for (std::size_t j = i + 1; j < events.size(); ++j) {
                    auto swapped = events;
                    std::swap(swapped[i], swapped[j]);
                    check(swapped);
                }
            }
        }
    }

    TEST_CASE("the validator finds what is missing, though the numbers are mended") {
        int taken = 0;
        for (const char* name : {"ids-rotate", "side-by-side", "whole-items"}) {
            const std::string stream =
                read_file(fs::path(LLMGW_SOURCE_DIR) / "tests/dialects/openai-responses" / name / "codec.sse");
            REQUIRE(stream_fault(codec, stream) == "");
            const auto events = events_of(stream);
            const auto fault_of = [&](std::vector<json> changed) {
                std::string bytes;
                int number = 0;
                for (auto& event : changed) {
                    event["sequence_number"] = number++;
                    bytes += "event: " + event["type"].get<std::string>() + "\ndata: " + event.dump() + "\n\n";
                }
                return stream_fault(codec, bytes);
            };
            for (std::size_t i = 0; i < events.size(); ++i) {
                CAPTURE(events[i].dump());
                auto lost = events;
                lost.erase(lost.begin() + static_cast<std::ptrdiff_t>(i));
                auto twice = events;
                twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), events[i]);
                // Nothing hangs on in_progress, the text of a part with no done event is not known, and an empty
                // delta may come any number of times.
                const std::string type = events[i]["type"];
                const bool empty = events[i].value("delta", "x").empty();
                const bool free = type == "response.in_progress" || type.ends_with("annotation.added") || empty ||
                                  type == "response.reasoning_text.done";
                taken += fault_of(lost).empty() ? 1 : 0;
                if (!free) {
                    CHECK(fault_of(lost) != "");
                    CHECK(fault_of(twice) != "");
                }
            }
        }
        CHECK(taken > 0);
    }
}
