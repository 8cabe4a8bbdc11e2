// Properties of the Chat codec over many made streams: arguments of calls survive any cut and any order (T1), what is
// written keeps the dialect's grammar (T2), and broken input never breaks the normal form's.
#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/dialect/whole_answer.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/utf8.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using json_scan::quote;

namespace {

const wire::OpenAiChatCodec codec;

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_); }
    bool chance(std::size_t one_in) { return below(one_in) == 0; }

private:
    std::mt19937 engine_;
};

const std::vector<std::string> arguments_corpus{
    R"({})",
    R"({"command":"cat a.txt"})",
    R"({"path":"C:\\dir\\\"x\"","n":12345678901234567890,"f":1.0})",
    R"({"text":"line\nline \u00e9 ü 日本 😀 {not} [a] bracket \\"})",
    R"({"a":{"b":[1,2,{"c":"}"}]},"d":null,"e":[]})",
    R"( { "spaced" : true })",
};

// Pieces of at most `size` bytes that cut no character.
std::vector<std::string> pieces_of(const std::string& text, std::size_t size, Dice& dice) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        const std::size_t wanted = size == 0 ? 1 + dice.below(text.size()) : size;
        while (end < text.size() && end - at < wanted) {
            end += std::max<std::size_t>(1, utf8_length(text, end));
        }
        pieces.push_back(text.substr(at, end - at));
        at = end;
    }
    return pieces;
}

std::string chunk(const std::string& delta, const std::string& finish = "null") {
    return fmt::format(
        "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\","
        "\"choices\":[{{\"index\":0,\"delta\":{},\"finish_reason\":{}}}]}}\n\n",
        delta, finish);
}

struct Call {
    std::string id;
    std::string name;
    std::string arguments;
};

enum class Style { plain, whole, no_index, repeated_name, index_zero };

std::string call_delta(const Call& call, std::size_t index, Style style, bool first, const std::string& piece) {
    std::string out = R"({"tool_calls":[{)";
    if (style != Style::no_index) { out += fmt::format("\"index\":{},", style == Style::index_zero ? 0 : index); }
    if (first) {
        out += fmt::format(R"("id":{},"type":"function",)", quote(call.id));
    } else if (style == Style::no_index) {
        out += fmt::format(R"("id":{},)", quote(call.id));
    }
    out += R"("function":{)";
    if (first) {
        out += fmt::format("\"name\":{},", quote(call.name));
    } else if (style == Style::repeated_name) {
        out += "\"name\":\"\",";
    }
    return out + fmt::format("\"arguments\":{}}}}}]}}", quote(piece));
}

std::vector<Call> calls_said(const WholeAnswer& answer) {
    std::vector<Call> calls;
    for (const auto& part : answer.candidates.at(0).parts) {
        if (part.begin.kind == answer::PartKind::tool_call) {
            calls.push_back({part.begin.call.id, part.begin.call.name, part.text});
        }
    }
    return calls;
}

void check_calls(const std::string& stream, const std::vector<Call>& expected) {
    const auto events = read_answer(codec, stream, stream.size());
    REQUIRE(grammar_fault(events) == "");
    const auto said = calls_said(assemble(events));
    REQUIRE(said.size() == expected.size());
    for (std::size_t i = 0; i < said.size(); ++i) {
        CHECK(said[i].id == expected[i].id);
        CHECK(said[i].name == expected[i].name);
        CHECK(said[i].arguments == expected[i].arguments);
    }
    // As a client gets it.
    Drops drops;
    const std::string again = write_answer(codec, events, {}, drops);
    REQUIRE(stream_fault(codec, again) == "");
    const auto twice = calls_said(assemble(read_answer(codec, again, 11)));
    REQUIRE(twice.size() == expected.size());
    for (std::size_t i = 0; i < twice.size(); ++i) {
        CHECK(twice[i].arguments == expected[i].arguments);
    }
}

}  // namespace

TEST_SUITE("codec/openai-chat/fuzz") {
    TEST_CASE("T1: arguments survive any cut, any number of calls, and the ways hosts have of saying them") {
        Dice dice(1);
        for (int round = 0; round < 400; ++round) {
            CAPTURE(round);
            const auto style = static_cast<Style>(dice.below(5));
            std::vector<Call> calls;
            std::string stream = chunk(R"({"role":"assistant","content":""})");
            if (dice.chance(2)) { stream += chunk(R"({"content":"I call."})"); }
            for (std::size_t i = 0; i < 1 + dice.below(4); ++i) {
                calls.push_back({fmt::format("call_{}", i), fmt::format("tool_{}", i),
                                 arguments_corpus[dice.below(arguments_corpus.size())]});
                const std::size_t size = style == Style::whole ? 100'000 : dice.below(5);
                bool first = true;
                for (const auto& piece : pieces_of(calls.back().arguments, size, dice)) {
                    stream += chunk(call_delta(calls.back(), i, style, first, piece));
                    first = false;
                }
            }
            stream += chunk("{}", dice.chance(2) ? "\"tool_calls\"" : "\"stop\"") + "data: [DONE]\n\n";
            check_calls(stream, calls);
        }
    }

    TEST_CASE("T1: parallel calls whose pieces are interleaved come out one after the other") {
        Dice dice(2);
        for (int round = 0; round < 300; ++round) {
            CAPTURE(round);
            std::vector<Call> calls;
            std::vector<std::vector<std::string>> pieces;
            const std::size_t count = 2 + dice.below(3);
            for (std::size_t i = 0; i < count; ++i) {
                calls.push_back({fmt::format("call_{}", i), fmt::format("tool_{}", i),
                                 arguments_corpus[dice.below(arguments_corpus.size())]});
                pieces.push_back(pieces_of(calls.back().arguments, dice.below(7), dice));
            }
            // Calls begin in order, each with an empty piece as some hosts do; the rest is shuffled.
            std::string stream = chunk(R"({"role":"assistant","content":null})");
            for (std::size_t i = 0; i < count; ++i) {
                stream += chunk(call_delta(calls[i], i, Style::plain, true, ""));
            }
            std::vector<std::size_t> said(count);
            for (bool more = true; more;) {
                more = false;
                const std::size_t i = dice.below(count);
                if (said[i] < pieces[i].size()) {
                    stream += chunk(call_delta(calls[i], i, Style::plain, false, pieces[i][said[i]++]));
                }
                for (std::size_t k = 0; k < count; ++k) {
                    more = more || said[k] < pieces[k].size();
                }
            }
            stream += chunk("{}", "\"tool_calls\"") + "data: [DONE]\n\n";
            check_calls(stream, calls);
        }
    }

    TEST_CASE("T1: a call streams as it comes; the next is said when the one before it is whole") {
        const Call one{"a", "first", R"({"x":1})"};
        const Call two{"b", "second", R"({"y":2})"};
        SseFramer framer;
        const auto decoder = codec.answer_decoder();
        std::vector<AnswerEvent> events;
        const auto feed = [&](const std::string& bytes) {
            events.clear();
            for (const auto& sse : framer.feed(bytes)) {
                decoder->decode(sse, events);
            }
            return events_text(events);
        };
        feed(chunk(R"({"role":"assistant"})"));
        CHECK(feed(chunk(call_delta(one, 0, Style::plain, true, R"({"x")"))) ==
              "part tool_call id=\"a\" name=\"first\"\ntext \"{\\\"x\\\"\"\n");
        // The second waits: the first is not whole.
        CHECK(feed(chunk(call_delta(two, 1, Style::plain, true, R"({"y")"))) == "");
        CHECK(feed(chunk(call_delta(one, 0, Style::plain, false, ":1}"))) ==
              "text \":1}\"\nend_part\npart tool_call id=\"b\" name=\"second\"\ntext \"{\\\"y\\\"\"\n");
        CHECK(feed(chunk(call_delta(two, 1, Style::plain, false, ":2}"))) == "text \":2}\"\n");
    }
}

namespace {

// A random answer that keeps the normal form's grammar.
class AnswerMaker {
public:
    explicit AnswerMaker(unsigned seed) : dice_(seed) {}

    std::vector<AnswerEvent> make() {
        std::vector<AnswerEvent> out;
        out.emplace_back(answer::Begin{dice_.chance(3) ? "" : "id", dice_.chance(3) ? "" : "model", 0});
        const int candidates = dice_.chance(4) ? 2 : 1;
        for (int candidate = 0; candidate < candidates; ++candidate) {
            for (std::size_t i = 0; i < dice_.below(6); ++i) {
                add_part(candidate, out);
            }
        }
        if (dice_.chance(3)) { out.emplace_back(answer::UsageSeen{usage()}); }
        if (dice_.chance(6)) {
            out.emplace_back(answer::Failed{{529, ErrorClass::overloaded, "busy \"now\"\n", {}, {}}});
        } else {
            for (int candidate = 0; candidate < candidates; ++candidate) {
                answer::Finish finish;
                finish.candidate = candidate;
                finish.reason = static_cast<answer::StopReason>(dice_.below(9));
                if (dice_.chance(4)) { finish.message = "because"; }
                out.emplace_back(std::move(finish));
            }
        }
        out.emplace_back(answer::End{});
        return out;
    }

private:
    void add_part(int candidate, std::vector<AnswerEvent>& out) {
        answer::PartBegin begin;
        begin.candidate = candidate;
        begin.kind = static_cast<answer::PartKind>(dice_.below(6));
        begin.item_id = dice_.chance(2) ? "msg_1" : "";
        if (begin.kind == answer::PartKind::tool_call) {
            begin.call.id = fmt::format("call_{}", ++calls_);
            begin.call.name = dice_.chance(3) ? "patch" : "tool";  // patch: a custom tool of the client's
            begin.call.custom = begin.call.name == "tool" && dice_.chance(5);
            if (dice_.chance(3)) { begin.call.sealed = {DialectId::gemini, "sig", {}}; }
        }
        if (begin.kind == answer::PartKind::media) { begin.media.data = "QUJD"; }
        if (begin.kind == answer::PartKind::foreign) { begin.foreign = {DialectId::anthropic, "x", "{}", {}, false}; }
        out.emplace_back(begin);
        const bool whole = begin.kind == answer::PartKind::media || begin.kind == answer::PartKind::foreign;
        if (!whole) { add_deltas(begin, out); }
        answer::PartEnd end;
        end.candidate = candidate;
        if (begin.kind == answer::PartKind::reasoning && dice_.chance(2)) {
            end.sealed = {DialectId::anthropic, "thinking signature", {}};
            end.redacted = dice_.chance(3);
        }
        out.emplace_back(std::move(end));
    }

    void add_deltas(const answer::PartBegin& begin, std::vector<AnswerEvent>& out) {
        using answer::DeltaKind;
        const std::string text = begin.kind == answer::PartKind::tool_call && begin.call.name == "patch"
                                     ? R"({"input":"*** a\n\"b\" \ud83d\ude00"})"
                                     : arguments_corpus[dice_.below(arguments_corpus.size())];
        if (dice_.chance(4)) { return; }
        for (const auto& piece : pieces_of(text, dice_.below(6), dice_)) {
            DeltaKind kind = DeltaKind::text;
            if (begin.kind == answer::PartKind::reasoning) {
                kind = static_cast<DeltaKind>(1 + dice_.below(3));  // text, summary, break
            }
            out.emplace_back(answer::Delta{kind, begin.candidate, kind == DeltaKind::summary_break ? "" : piece, {}});
            if (begin.kind != answer::PartKind::text) { continue; }
            if (dice_.chance(9)) {
                part::Citation citation;
                citation.url = dice_.chance(2) ? "https://example.org/" : "";
                out.emplace_back(answer::Cited{begin.candidate, citation});
            }
            if (dice_.chance(9)) {
                out.emplace_back(answer::Delta{DeltaKind::logprobs, begin.candidate, {}, R"([{"token":"a"}])"});
            }
        }
    }

    Usage usage() {
        Usage usage;
        usage.counts.input = 3;
        if (dice_.chance(2)) { usage.counts.output = 4; }
        return usage;
    }

    Dice dice_;
    int calls_ = 0;
};

ChatRequest request_with_custom_tool() {
    ChatRequest request;
    request.origin = DialectId::openai_chat;
    Tool tool;
    tool.kind = ToolKind::custom;
    tool.name = "patch";
    request.tools.push_back(tool);
    return request;
}

}  // namespace

TEST_SUITE("codec/openai-chat/fuzz") {
    TEST_CASE("T2: whatever an answer says, its chunks keep the dialect's grammar") {
        const ChatRequest request = request_with_custom_tool();
        for (unsigned seed = 0; seed < 3000; ++seed) {
            CAPTURE(seed);
            const auto events = AnswerMaker(seed).make();
            REQUIRE(grammar_fault(events) == "");
            AnswerWishes wishes;
            wishes.call_id = "id";
            wishes.model = "asked";
            wishes.stream_usage = seed % 2 == 0;
            wishes.show_reasoning = seed % 3 != 0;
            wishes.request = seed % 5 == 0 ? nullptr : &request;
            Drops drops;
            const std::string stream = write_answer(codec, events, wishes, drops);
            CAPTURE(stream);
            CAPTURE(events_text(events));
            REQUIRE(stream_fault(codec, stream) == "");
            const auto twice = read_answer(codec, stream, stream.size());
            REQUIRE(grammar_fault(twice) == "");
            // The whole form says the same as the stream.
            if (assemble(events).error) { continue; }
            std::vector<AnswerEvent> whole;
            Drops more;
            REQUIRE(codec.decode_answer(codec.encode_answer(events, wishes, more), whole));
            const auto text_of_all = [](const std::vector<AnswerEvent>& all) {
                std::string out;
                for (const auto& candidate : assemble(all).candidates) {
                    for (const auto& part : candidate.parts) {
                        if (part.begin.kind == answer::PartKind::text) { out += part.text; }
                    }
                    for (const auto& part : candidate.parts) {
                        if (part.begin.kind == answer::PartKind::reasoning) { out += part.text; }
                    }
                    for (const auto& part : candidate.parts) {
                        if (part.begin.kind == answer::PartKind::tool_call) {
                            out += fmt::format("[{} {} {} {}]", part.begin.call.id, part.begin.call.name,
                                               part.begin.call.custom, part.text);
                        }
                    }
                    out += fmt::format("finish {}\n", candidate.finish->word);
                }
                return out;
            };
            // Breaks between summaries are those of the parts there, and of the deltas here.
            if (wishes.show_reasoning) { continue; }
            CHECK(text_of_all(whole) == text_of_all(twice));
        }
    }

    TEST_CASE("broken streams: whatever is cut or changed, the events keep their grammar") {
        Dice dice(5);
        const fs::path root = fs::path(LLMGW_SOURCE_DIR) / "tests/dialects/openai-chat";
        int streams = 0;
        for (const auto& entry : fs::directory_iterator(root)) {
            if (!fs::exists(entry.path() / "stream.sse")) { continue; }
            ++streams;
            CAPTURE(entry.path().string());
            const std::string stream = read_file(entry.path() / "stream.sse");
            const std::string text = events_text(read_answer(codec, stream, stream.size()));
            for (std::size_t size : {1, 2, 3, 5, 64}) {
                REQUIRE(events_text(read_answer(codec, stream, size)) == text);
            }
            for (int round = 0; round < 60; ++round) {
                std::string broken = stream;
                for (std::size_t i = 0; i < 1 + dice.below(4); ++i) {
                    const std::size_t at = dice.below(broken.size());
                    if (dice.chance(2)) {
                        broken.erase(at, 1 + dice.below(9));
                    } else {
                        broken[at] = "{}[]\",:0a\n\\"[dice.below(11)];
                    }
                    if (broken.empty()) { broken = "x"; }
                }
                CAPTURE(broken);
                const auto events = read_answer(codec, broken, broken.size());
                REQUIRE(grammar_fault(events) == "");
            }
        }
        CHECK(streams >= 20);
    }

    TEST_CASE("the validator refuses what clients stumble over") {
        const std::string role = chunk(R"({"role":"assistant","content":""})");
        const std::string stop = chunk("{}", "\"stop\"");
        const std::string done = "data: [DONE]\n\n";
        const Call call{"a", "t", "{}"};
        const std::string called = chunk(call_delta(call, 0, Style::plain, true, "{}"));
        const std::string tools = chunk("{}", "\"tool_calls\"");
        const std::string usage =
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[],"
            "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\n";
        const std::string error = "data: {\"error\":{\"message\":\"m\"}}\n\n";
        for (const std::string& good :
             {role + stop + done, role + stop + usage + done, role + called + tools + done, role + error, error}) {
            CAPTURE(good);
            CHECK(stream_fault(codec, good) == "");
        }
        const std::vector<std::pair<std::string, std::string>> rows{
            {role + stop, "without [DONE]"},
            {role + done, "before choice 0 has a finish_reason"},
            {done, "without any choice"},
            {role + stop + done + done, "after [DONE]"},
            {role + error + stop, "after an error"},
            {role + role + stop + done, "a second role"},
            {stop + done, "without a role"},
            {role + stop + chunk(R"({"content":"x"})") + done, "after the finish_reason"},
            {role + usage + stop + done, "before the finish_reason"},
            {role + stop + usage + usage + done, "a second usage"},
            {role + called + stop + done, "does not fit the calls"},
            {role + tools + done, "does not fit the calls"},
            {role + chunk(call_delta(call, 0, Style::plain, true, "")) + tools + done, "without arguments"},
            {role + chunk(call_delta(call, 1, Style::plain, true, "{}")) + tools + done, "not the last or the next"},
            {role + chunk(call_delta(call, 0, Style::plain, false, "{}")) + tools + done, "without id"},
            {role + called + called + tools + done, "begins twice"},
            {role + called + chunk(call_delta(call, 1, Style::plain, true, "{}")) + tools + done, "one id"},
            {role + chunk("{}", "\"end_turn\"") + done, "unknown finish_reason"},
            {"event: message\n" + role + stop + done, "with a name"},
            {"data: {\"id\":\n\n", "not a JSON object"},
            {role + "data: {\"id\":\"c2\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\","
                    "\"choices\":[]}\n\n",
             "the id changes"},
            {"data: {\"id\":\"\",\"object\":\"chat.completion\",\"choices\":[]}\n\n", "object is not"},
            {"data: {\"id\":\"a\",\"object\":\"chat.completion.chunk\",\"choices\":[]}\n\n", "no model"},
        };
        for (const auto& [stream, fault] : rows) {
            CAPTURE(stream);
            const std::string found = stream_fault(codec, stream);
            CAPTURE(found);
            CHECK(found.find(fault) != std::string::npos);
        }
    }
}
