// Answers of Gemini read into events, and events written for Gemini's clients.
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/util/base64.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/stop_words.hpp"
#include "providers/dialects/gemini/times.hpp"
#include "providers/dialects/tool_names.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using answer::StopReason;
using nlohmann::ordered_json;

namespace {

const Codec& codec() {
    return *dialects().get(DialectId::gemini).codec();
}

std::string datum(const std::string& parts, const std::string& more = "") {
    return R"(data: {"candidates":[{"content":{"parts":[)" + parts + R"(],"role":"model"})" + more +
           R"(,"index":0}],"modelVersion":"gemini-3","responseId":"r1"})" + "\r\n\r\n";
}

const std::string stop = R"(,"finishReason":"STOP")";

std::vector<AnswerEvent> events_of(const std::string& stream) {
    auto events = read_answer(codec(), stream, stream.size());
    REQUIRE(grammar_fault(events) == "");
    return events;
}

std::string read(const std::string& stream) {
    return events_text(events_of(stream));
}

// Everything but the frame.
std::string inner(const std::string& stream) {
    std::string text = read(stream);
    const std::string begin = "begin id=\"r1\" model=\"gemini-3\"\n";
    REQUIRE(text.starts_with(begin));
    return text.substr(begin.size());
}

struct Written {
    std::string stream;
    std::vector<ordered_json> data;
    std::string drops;
};

Written write(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes = {}) {
    REQUIRE(grammar_fault(events) == "");
    Drops drops;
    Written written;
    written.stream = write_answer(codec(), events, wishes, drops);
    CHECK(stream_fault(codec(), written.stream) == "");
    SseFramer framer;
    for (const auto& sse : framer.feed(written.stream)) {
        written.data.push_back(ordered_json::parse(sse.data));
    }
    written.drops = drops_text(drops);
    return written;
}

class Script {
public:
    Script& begin(answer::PartKind kind, int candidate = 0) {
        answer::PartBegin part;
        part.kind = kind;
        part.candidate = candidate;
        events.emplace_back(part);
        return *this;
    }
    Script& call(std::string id, std::string name) {
        answer::PartBegin part;
        part.kind = answer::PartKind::tool_call;
        part.call.id = std::move(id);
        part.call.name = std::move(name);
        events.emplace_back(part);
        return *this;
    }
    Script& say(std::string text, answer::DeltaKind kind = answer::DeltaKind::text, int candidate = 0) {
        events.emplace_back(answer::Delta{kind, candidate, std::move(text), {}});
        return *this;
    }
    Script& end(int candidate = 0) {
        events.emplace_back(answer::PartEnd{candidate, {}, false});
        return *this;
    }
    Script& finish(StopReason reason = StopReason::end_turn, int candidate = 0) {
        events.emplace_back(answer::Finish{reason, candidate, {}, {}, {}});
        return *this;
    }
    std::vector<AnswerEvent> over() {
        events.emplace_back(answer::End{});
        return events;
    }

    std::vector<AnswerEvent> events{answer::Begin{"id-1", "model-1", 0}};
};

// Numbers that are the same in every run.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed * 2862933555777941757ULL + 3037000493ULL) {}
    std::size_t below(std::size_t limit) {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::size_t>(state_ >> 33) % limit;
    }

private:
    std::uint64_t state_;
};

const std::string odd_json =
    "{\"path\": \"a \\u00e9 \xF0\x9F\x98\x80 \\\"q\\\"\\n\", \"n\": [1.0, 1e3, null], \"deep\": {\"x\": {}}}";

// A random answer that keeps the grammar.
std::vector<AnswerEvent> random_answer(Dice& dice) {
    Script script;
    const int candidates = dice.below(4) == 0 ? 2 : 1;
    bool calls = false;
    for (int candidate = 0; candidate < candidates; ++candidate) {
        const std::size_t parts = dice.below(5);
        for (std::size_t i = 0; i < parts; ++i) {
            switch (dice.below(5)) {
                case 0:
                case 1:
                    script.begin(answer::PartKind::text, candidate);
                    for (std::size_t n = dice.below(4); n > 0; --n) {
                        script.say("w\xC3\xB6rd \"" + std::to_string(n) + "\"\n", answer::DeltaKind::text, candidate);
                    }
                    break;
                case 2:
                    script.begin(answer::PartKind::reasoning, candidate);
                    for (std::size_t n = dice.below(3); n > 0; --n) {
                        script.say("hm", answer::DeltaKind::summary, candidate);
                    }
                    break;
                case 3: {
                    calls = calls || candidate == 0;
                    answer::PartBegin part;
                    part.kind = answer::PartKind::tool_call;
                    part.candidate = candidate;
                    part.call.id = "t" + std::to_string(dice.below(1000));
                    part.call.name = "tool_" + std::to_string(i);
                    script.events.emplace_back(part);
                    const std::string args = dice.below(4) == 0 ? "" : odd_json;
                    for (std::size_t at = 0; at < args.size();) {
                        const std::size_t size = 1 + dice.below(9);
                        script.say(args.substr(at, size), answer::DeltaKind::text, candidate);
                        at += size;
                    }
                    break;
                }
                default:
                    script.begin(answer::PartKind::refusal, candidate).say("no", answer::DeltaKind::text, candidate);
            }
            const bool sealed = dice.below(3) == 0;
            const auto origin = dice.below(2) == 0 ? DialectId::gemini : DialectId::anthropic;
            answer::PartEnd end{candidate, {}, false};
            if (sealed) { end.sealed = {origin, base64("seal"), {}}; }
            script.events.emplace_back(end);
        }
        if (dice.below(3) == 0) {
            Usage usage;
            usage.counts.input = 10;
            usage.counts.output = 5;
            script.events.emplace_back(answer::UsageSeen{usage});
        }
    }
    for (int candidate = 0; candidate < candidates; ++candidate) {
        script.finish(calls && candidate == 0 ? StopReason::tool_use : StopReason::end_turn, candidate);
    }
    return script.over();
}

}  // namespace

TEST_SUITE("codec/gemini/answer") {
    TEST_CASE("decode: pieces of text make one part, thoughts another, a signature stands behind its text") {
        CHECK(inner(datum(R"({"text":"Hm","thought":true})") + datum(R"({"text":", yes.","thought":true})") +
                    datum(R"({"text":"He","thoughtSignature":"AAAA"})") + datum(R"({"text":"llo"})") +
                    datum(R"({"text":""})", stop)) ==
              "part reasoning\nsummary \"Hm\"\nsummary \", yes.\"\nend_part\n"
              "part text\ntext \"He\"\ntext \"llo\"\nend_part\n"
              "part reasoning\nend_part redacted sealed=gemini:\"AAAA\"\n"
              "finish reason=\"end_turn\" word=\"STOP\"\nend\n");
        CHECK(inner(datum(R"({"text":"Hi"})") + datum(R"({"text":"","thoughtSignature":"BBBB"})", stop)) ==
              "part text\ntext \"Hi\"\nend_part\npart reasoning\nend_part redacted sealed=gemini:\"BBBB\"\n"
              "finish reason=\"end_turn\" word=\"STOP\"\nend\n");
        CHECK(inner(datum(R"({"text":"hm","thought":true,"thoughtSignature":"CCCC"})", stop)) ==
              "part reasoning\nsummary \"hm\"\nend_part sealed=gemini:\"CCCC\"\n"
              "finish reason=\"end_turn\" word=\"STOP\"\nend\n");
    }

    TEST_CASE("decode: calls, with the ids they have or made ones that stay the same") {
        const std::string stream = datum(
            R"({"functionCall":{"name":"f","args":{"n": 1.0},"id":"x1"},"thoughtSignature":"AAAA"},{"functionCall":{"name":"g"}},{"functionCall":{"name":"g","args":{}}})",
            stop);
        const auto events = events_of(stream);
        const auto answer = assemble(events);
        const auto& parts = answer.candidates[0].parts;
        REQUIRE(parts.size() == 3);
        CHECK(parts[0].begin.call.id == "x1");
        CHECK(parts[0].text == R"({"n": 1.0})");
        CHECK(parts[0].begin.call.sealed.data == "AAAA");
        CHECK(parts[0].sealed.data == "AAAA");
        CHECK(parts[1].text == "");
        CHECK(parts[2].text == "{}");
        CHECK(parts[1].begin.call.id != parts[2].begin.call.id);
        CHECK(parts[1].begin.call.id.starts_with("call_1_"));
        CHECK(answer.candidates[0].finish->reason == StopReason::tool_use);
        CHECK(events_text(events_of(stream)) == events_text(events));
        // Another answer makes others.
        std::string other = stream;
        other.replace(other.find("r1"), 2, "r2");
        const auto others = assemble(events_of(other));
        CHECK(others.candidates[0].parts[1].begin.call.id != parts[1].begin.call.id);
    }

    TEST_CASE("decode: arguments in pieces, wherever they are cut and in any order") {
        const auto pieces = [](const std::vector<std::string>& list, const std::string& last) {
            std::string stream =
                datum(R"({"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"AAAA"})");
            for (const auto& piece : list) {
                stream += datum(R"({"functionCall":{"partialArgs":[)" + piece + R"(],"willContinue":true}})");
            }
            const auto events = events_of(stream + last);
            return assemble(events).candidates[0].parts.at(0).text;
        };
        const std::string closing = datum(R"({"functionCall":{}})", stop);
        const std::string text = "Bos\xC3\xB6ton \\\"q\\\" end";
        for (std::size_t cut = 1; cut + 1 < text.size(); ++cut) {
            const bool inside = (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80 || text[cut - 1] == '\\';
            if (inside) { continue; }
            CHECK(
                pieces({R"({"jsonPath":"$.where","stringValue":")" + text.substr(0, cut) + R"(","willContinue":true})",
                        R"({"jsonPath":"$.where","stringValue":")" + text.substr(cut) + R"(","willContinue":true})",
                        R"({"jsonPath":"$.where","stringValue":""})"},
                       closing) == R"({"where":")" + text + R"("})");
        }
        CHECK(pieces({R"({"jsonPath":"$.a[1].x","numberValue":0.5})", R"({"jsonPath":"$.a[0].y","boolValue":true})",
                      R"({"jsonPath":"$['odd name'].z","nullValue":"NULL_VALUE"},{"jsonPath":"$.n","numberValue":7})"},
                     closing) == R"({"a":[{"y":true},{"x":0.5}],"odd name":{"z":null},"n":7})");
        // Two strings after each other at one place are two values, not one text.
        CHECK(pieces({R"({"jsonPath":"$.a","stringValue":"x"})", R"({"jsonPath":"$.a","stringValue":"y"})"}, closing) ==
              R"({"a":"y"})");
        CHECK(pieces({}, closing) == "{}");
        // The closing part may be missing, and nonsense changes nothing.
        CHECK(pieces({R"({"jsonPath":"$.a","stringValue":"x"})"}, datum(R"({"text":""})", stop)) == R"({"a":"x"})");
        CHECK(pieces({R"({"jsonPath":"a","stringValue":"x"})", R"({"jsonPath":"$[","stringValue":"x"})",
                      R"({"jsonPath":"$.l[99999999]","stringValue":"x"})", R"({"jsonPath":"$","numberValue":1})",
                      R"({"jsonPath":"$.a","stringValue":"x"})", R"({"jsonPath":"$.a.b","stringValue":"x"})"},
                     closing) == R"({"l":[],"a":"x"})");
    }

    TEST_CASE("decode: sources by bytes become citations by characters") {
        const std::string text = "\xC3\x84pfel wachsen. \xF0\x9F\x8D\x8E Rot.";
        const std::size_t begin = text.find("\xF0\x9F");
        const std::string grounding =
            R"(,"groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://a.example/","title":"A"}},{"web":{"uri":"https://b.example/","title":"B"}}],)"
            R"("groundingSupports":[{"segment":{"startIndex":)" +
            std::to_string(begin) + R"(,"endIndex":)" + std::to_string(text.size()) +
            R"(,"text":"x"},"groundingChunkIndices":[0,1,9]}]})";
        const auto events = events_of(datum(R"({"text":")" + text.substr(0, 8) + R"("})") +
                                      datum(R"({"text":")" + text.substr(8) + R"("})", stop + grounding));
        const auto parts = assemble(events).candidates[0].parts;
        REQUIRE(parts.size() == 2);
        REQUIRE(parts[0].citations.size() == 2);
        CHECK(parts[0].citations[0].url == "https://a.example/");
        CHECK(parts[0].citations[0].title == "A");
        CHECK(parts[0].citations[0].begin == 15);
        CHECK(parts[0].citations[0].end == 21);
        CHECK(parts[0].citations[1].url == "https://b.example/");
        CHECK(parts[1].begin.foreign.type == "groundingMetadata");

        // Another provider's citations come out in bytes again.
        auto foreign = parts[0];
        for (auto& citation : foreign.citations) {
            citation.origin = DialectId::anthropic;
            citation.raw = "{}";
        }
        WholeAnswer whole;
        whole.candidates.resize(1);
        whole.candidates[0].parts = {foreign};
        whole.candidates[0].finish = answer::Finish{};
        const auto written = write(to_events(whole));
        CAPTURE(written.stream);
        REQUIRE(written.data.back()["candidates"][0].contains("groundingMetadata"));
        const auto& metadata = written.data.back()["candidates"][0]["groundingMetadata"];
        CHECK(metadata["groundingChunks"][1] ==
              ordered_json::parse(R"({"web":{"uri":"https://b.example/","title":"B"}})"));
        CHECK(metadata["groundingSupports"][0]["segment"]["startIndex"] == begin);
        CHECK(metadata["groundingSupports"][0]["segment"]["endIndex"] == text.size());
        CHECK(metadata["groundingSupports"][1]["groundingChunkIndices"] == ordered_json::parse("[1]"));

        const auto cited = events_of(datum(
            R"({"text":"abc def"})",
            stop +
                R"(,"citationMetadata":{"citationSources":[{"startIndex":4,"endIndex":7,"uri":"https://c.example/"}]})"));
        const auto source = assemble(cited).candidates[0].parts[0].citations.at(0);
        CHECK(source.begin == 4);
        CHECK(source.cited_text == "def");
    }

    TEST_CASE("decode: every reason to stop") {
        const auto reason = [](const std::string& word, const std::string& part) {
            const auto whole = assemble(events_of(datum(part, ",\"finishReason\":\"" + word + "\"")));
            REQUIRE(whole.candidates[0].finish.has_value());
            CHECK(whole.candidates[0].finish->word == word);
            return whole.candidates[0].finish->reason;
        };
        const std::string text = R"({"text":"x"})";
        const std::string call = R"({"functionCall":{"name":"f","args":{}}})";
        CHECK(reason("STOP", text) == StopReason::end_turn);
        CHECK(reason("STOP", call) == StopReason::tool_use);
        CHECK(reason("MAX_TOKENS", text) == StopReason::max_tokens);
        for (const char* word :
             {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR"}) {
            CHECK(reason(word, text) == StopReason::content_filter);
        }
        CHECK(reason("OTHER", text) == StopReason::other);
        CHECK(reason("SOMETHING_NEW", text) == StopReason::other);
        CHECK(reason("UNEXPECTED_TOOL_CALL", call) == StopReason::other);
        // Without a call to act on it is an error: an agent would take it for the end.
        for (const char* word : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"}) {
            const auto whole = assemble(events_of(datum(
                R"({"text":"x"})", std::string(",\"finishReason\":\"") + word + "\",\"finishMessage\":\"bad call\"")));
            REQUIRE(whole.error.has_value());
            CHECK(whole.error->error_class == ErrorClass::server);
            CHECK(whole.error->message == std::string("The model's answer was unusable (") + word + "). bad call");
        }
    }

    TEST_CASE("decode: blocked prompts, errors, cut streams, several candidates") {
        CHECK(
            read(
                R"(data: {"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","blockReasonMessage":"no"},"responseId":"r1"})"
                "\r\n\r\n") ==
            "begin id=\"r1\"\nfinish reason=\"content_filter\" word=\"PROHIBITED_CONTENT\" message=\"no\"\nend\n");
        const std::string failed =
            read(datum(R"({"text":"x"})") +
                 "data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n");
        CHECK(failed.find("end_part\nfailed") != std::string::npos);
        CHECK(failed.ends_with("end\n"));
        // No reason to stop: the stream was cut, and nobody says it was over.
        CHECK(inner(datum(R"({"text":"x"})")) == "part text\ntext \"x\"\n");
        CHECK(read("") == "");
        CHECK(read("data: nonsense\r\n\r\ndata: {}\r\n\r\n: comment\r\n\r\n") == "");
        const auto both = assemble(events_of(
            R"(data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0},{"content":{"parts":[{"text":"b"}]},"index":1}],"responseId":"r"})"
            "\r\n\r\n"
            R"(data: {"candidates":[{"content":{"parts":[{"text":"c"}]},"finishReason":"STOP","index":1}]})"
            "\r\n\r\n"
            R"(data: {"candidates":[{"content":{"parts":[{"text":"d"}]},"finishReason":"MAX_TOKENS","index":0}]})"
            "\r\n\r\n"));
        REQUIRE(both.candidates.size() == 2);
        CHECK(both.candidates[0].parts[0].text == "ad");
        CHECK(both.candidates[1].parts[0].text == "bc");
        CHECK(both.candidates[0].finish->reason == StopReason::max_tokens);
    }

    TEST_CASE("decode: whole answers, as an object, as an array, and what is none") {
        std::vector<AnswerEvent> events;
        const std::string one =
            R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"a","tokenId":5,"logProbability":-0.50}],)"
            R"("topCandidates":[{"candidates":[{"token":"a","logProbability":-0.50},{"token":"b","logProbability":-1}]}]}}],"createTime":"2026-04-02T17:03:50.399550Z","responseId":"r"})";
        REQUIRE(codec().decode_answer(one, events));
        CHECK(events_text(events) ==
              "begin id=\"r\" created_s=1775149430\npart text\ntext \"a\"\nlogprobs "
              "{\"content\":[{\"token\":\"a\",\"logprob\":-0.50,\"bytes\":null,\"top_logprobs\":[{\"token\":\"a\","
              "\"logprob\":-0.50,"
              "\"bytes\":null},{\"token\":\"b\",\"logprob\":-1,\"bytes\":null}]}]}\n"
              "end_part\nfinish reason=\"end_turn\" word=\"STOP\"\nend\n");
        Drops drops;
        const auto again = ordered_json::parse(codec().encode_answer(events, {}, drops));
        CHECK(again["candidates"][0]["logprobsResult"]["chosenCandidates"][0]["logProbability"] == -0.5);
        CHECK(again["candidates"][0]["logprobsResult"]["topCandidates"][0]["candidates"].size() == 2);
        CHECK(again["createTime"] == "2026-04-02T17:03:50Z");

        events.clear();
        REQUIRE(codec().decode_answer(R"([{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"responseId":"r"},)"
                                      R"({"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}])",
                                      events));
        CHECK(assemble(events).candidates[0].parts[0].text == "ab");
        for (const char* body : {"", "{}", "[]", "null", "7", "<html>", R"({"object":"chat.completion"})", "[1]"}) {
            events.clear();
            CHECK_FALSE(codec().decode_answer(body, events));
        }
        events.clear();
        CHECK(codec().decode_answer(R"([{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}])",
                                    events));
        CHECK(assemble(events).error->error_class == ErrorClass::rate_limit);
    }

    TEST_CASE("encode: a stream of another provider's events") {
        Script script;
        Usage usage;
        usage.counts.input = 10;
        usage.counts.cache_read = 100;
        usage.counts.cache_write_5m = 7;
        usage.counts.output = 30;
        usage.counts.reasoning = 20;
        script.begin(answer::PartKind::reasoning).say("hm", answer::DeltaKind::reasoning_text).end();
        script.begin(answer::PartKind::text).say("Hel").say("lo").end();
        script.call("toolu_1", "f");
        for (const char c : odd_json) {
            script.say(std::string(1, c));
        }
        script.end().call("toolu_2", "g").end();
        script.events.emplace_back(answer::UsageSeen{usage});
        const auto written = write(script.finish(StopReason::tool_use).over());
        REQUIRE(written.data.size() == 6);
        const auto part = [&](std::size_t i) { return written.data[i]["candidates"][0]["content"]["parts"][0]; };
        CHECK(part(0) == ordered_json::parse(R"({"text":"hm","thought":true})"));
        CHECK(part(1)["text"] == "Hel");
        CHECK(part(2)["text"] == "lo");
        CHECK(part(3)["functionCall"]["id"] == "toolu_1");
        CHECK(written.stream.find(odd_json) != std::string::npos);
        CHECK(part(4) == ordered_json::parse(R"({"functionCall":{"id":"toolu_2","name":"g","args":{}}})"));
        CHECK(part(5)["text"] == "");
        CHECK(written.data[5]["candidates"][0]["finishReason"] == "STOP");
        CHECK(
            written.data[5]["usageMetadata"] ==
            ordered_json::parse(
                R"({"promptTokenCount":117,"cachedContentTokenCount":100,"candidatesTokenCount":10,"thoughtsTokenCount":20,"totalTokenCount":147})"));
        for (const auto& one : written.data) {
            CHECK(one["responseId"] == "id-1");
            CHECK(one["modelVersion"] == "model-1");
        }
        CHECK(written.stream.find(": ") != std::string::npos);
        CHECK(written.drops == "");
    }

    TEST_CASE("encode: each event goes out as soon as it came") {
        Drops drops;
        const auto encoder = codec().answer_encoder({}, drops);
        std::string out;
        encoder->encode(answer::Begin{"i", "m", 0}, out);
        answer::PartBegin begin;
        encoder->encode(begin, out);
        CHECK(out == "");
        encoder->encode(answer::Delta{answer::DeltaKind::text, 0, "x", {}}, out);
        CHECK(out ==
              "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}],\"role\":\"model\"},\"index\":0}],"
              "\"modelVersion\":\"m\",\"responseId\":\"i\"}\r\n\r\n");
    }

    TEST_CASE("encode: errors, reasons, arguments that are no JSON, the client's own tool names, defaults") {
        Script failed;
        failed.begin(answer::PartKind::text).say("x").end();
        ApiError error;
        error.status = 529;
        error.error_class = ErrorClass::overloaded;
        error.message = "busy";
        failed.events.emplace_back(answer::Failed{error});
        const auto broken = write(failed.over());
        CHECK(broken.data.back()["error"]["message"] == "busy");
        CHECK(broken.data.size() == 2);

        const auto reason = [](StopReason why) {
            return write(Script().finish(why).over()).data.back()["candidates"][0]["finishReason"];
        };
        CHECK(reason(StopReason::stop_sequence) == "STOP");
        CHECK(reason(StopReason::pause) == "STOP");
        CHECK(reason(StopReason::max_tokens) == "MAX_TOKENS");
        CHECK(reason(StopReason::context_window) == "MAX_TOKENS");
        CHECK(reason(StopReason::refusal) == "SAFETY");
        CHECK(reason(StopReason::content_filter) == "SAFETY");
        CHECK(reason(StopReason::other) == "OTHER");

        ChatRequest request;
        Tool tool;
        tool.name = "mcp.server:do";
        request.tools = {tool};
        AnswerWishes wishes;
        wishes.call_id = "call-7";
        wishes.model = "gemini-mine";
        wishes.request = &request;
        Script script;
        script.events = {answer::Begin{}};
        script.call("t", wire::ToolNames(request.tools).flat("", "mcp.server:do")).say("{\"cut").end();
        const auto written = write(script.finish(StopReason::tool_use).over(), wishes);
        CHECK(written.data[0]["candidates"][0]["content"]["parts"][0]["functionCall"] ==
              ordered_json::parse(R"({"id":"t","name":"mcp.server:do","args":{"_raw_arguments":"{\"cut"}})"));
        CHECK(written.data[0]["responseId"] == "call-7");
        CHECK(written.data[0]["modelVersion"] == "gemini-mine");
        CHECK(written.drops.find("they are no JSON object") != std::string::npos);

        answer::PartBegin foreign;
        foreign.kind = answer::PartKind::foreign;
        foreign.foreign = part::Foreign{DialectId::anthropic, "web_search_tool_result", "{}", {}};
        Script other;
        other.events.emplace_back(foreign);
        CHECK(write(other.end().finish().over()).drops == "web_search_tool_result: gemini has no such block\n");
    }

    TEST_CASE("T1: arguments in any pieces come out the same") {
        for (std::size_t piece = 1; piece <= odd_json.size(); ++piece) {
            Script script;
            script.call("t", "f");
            for (std::size_t at = 0; at < odd_json.size(); at += piece) {
                script.say(odd_json.substr(at, piece));
            }
            const auto written = write(script.end().finish(StopReason::tool_use).over());
            const auto answer = assemble(events_of(written.stream));
            CHECK(answer.candidates[0].parts[0].text == odd_json);
        }
    }

    TEST_CASE("T2: whatever comes in, the stream keeps the grammar, and its bytes may be cut anywhere") {
        for (std::uint64_t seed = 1; seed <= 400; ++seed) {
            CAPTURE(seed);
            Dice dice(seed);
            const auto events = random_answer(dice);
            const auto written = write(events);
            const auto whole = events_of(written.stream);
            REQUIRE(whole_text(assemble(read_answer(codec(), written.stream, 1 + dice.below(40)))) ==
                    whole_text(assemble(whole)));
            // Read and written again it is the same stream.
            REQUIRE(whole_text(assemble(events_of(write(whole).stream))) == whole_text(assemble(whole)));
            // Cut off anywhere before its end it never looks whole.
            const std::size_t cut = dice.below(written.stream.rfind("data: ") + 1);
            const auto part = read_answer(codec(), written.stream.substr(0, cut), 64);
            REQUIRE(grammar_fault(part) == "");
            REQUIRE((part.empty() || !std::holds_alternative<answer::End>(part.back())));
        }
    }

    TEST_CASE("an answer without alt=sse: the data are the elements of one array") {
        Script script;
        script.begin(answer::PartKind::text).say("a").say("b\n").end();
        const auto written = write(script.finish().over());
        std::vector<AnswerEvent> events;
        REQUIRE(codec().decode_answer(ordered_json(written.data).dump(), events));
        CHECK(whole_text(assemble(events)) == whole_text(assemble(events_of(written.stream))));
    }

    TEST_CASE("the validator finds what breaks clients") {
        const std::string good = datum(R"({"text":"x"})") + datum(R"({"text":""})", stop);
        CHECK(stream_fault(codec(), good) == "");
        const auto fault = [](const std::string& stream) {
            const std::string found = stream_fault(codec(), stream);
            return found.substr(0, found.find(": {"));
        };
        CHECK(fault(": ping\r\n\r\n" + good).starts_with("a comment"));
        CHECK(fault("event: x\r\n" + good).starts_with("an event name"));
        CHECK(fault("data: [DONE]\r\n\r\n").starts_with("data that is no JSON object"));
        CHECK(fault("data: {}\r\n\r\n").starts_with("a datum without"));
        CHECK(fault(datum(R"({"text":"x"})")) == "candidate 0 has no finishReason");
        CHECK(fault(good + datum(R"({"text":"y"})")).starts_with("a part after the finishReason"));
        CHECK(fault(good + datum("", stop)).starts_with("a second finishReason"));
        CHECK(fault(datum("{}", stop)).starts_with("a part that is not exactly one thing"));
        CHECK(fault(datum(R"({"text":"x","functionCall":{"name":"f"}})", stop))
                  .starts_with("a part that is not exactly"));
        CHECK(fault(datum(R"({"functionCall":{"args":{}}})", stop)).starts_with("a call without a name"));
        CHECK(fault(datum(R"({"functionCall":{"name":"f","args":"{}"}})", stop)).starts_with("a call's args"));
        CHECK(fault(datum(R"({"text":"x","thoughtSignature":"not base64!"})", stop)).starts_with("a thoughtSignature"));
        CHECK(fault(datum(R"({"text":7})", stop)).starts_with("a text is not a string"));
        std::string renamed = datum(R"({"text":"x"})");
        renamed.replace(renamed.find("r1"), 2, "r2");
        CHECK(fault(renamed + good).starts_with("responseId changed"));
        const std::string error = "data: {\"error\":{\"code\":500,\"message\":\"m\",\"status\":\"INTERNAL\"}}\r\n\r\n";
        CHECK(fault(error) == "");
        CHECK(fault(datum(R"({"text":"x"})") + error) == "");
        CHECK(fault(error + good).starts_with("an event after the error"));
        CHECK(fault("") == "no candidate, no blocked prompt and no error");
        CHECK(fault("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n") == "");
    }

    TEST_CASE("times") {
        using wire::gemini::rfc3339_of;
        using wire::gemini::seconds_of;
        CHECK(seconds_of("1970-01-01T00:00:01Z") == 1);
        CHECK(seconds_of("2026-04-02T17:03:50.399550Z") == 1775149430);
        CHECK(seconds_of("2026-04-02T19:03:50+02:00") == 1775149430);
        CHECK(rfc3339_of(1775149430) == "2026-04-02T17:03:50Z");
        for (const char* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-04-02 17:03:50Z", "2026-04-02T17:03:50"}) {
            CHECK(seconds_of(text) == 0);
        }
    }
}
