// T2 over all pairs: whatever a provider's recorded stream says, however its bytes are cut, and with events lost, said
// twice or swapped, each dialect's client gets a stream that keeps its dialect's grammar.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/dialect/emitted_check.hpp"
#include "providers/registry.hpp"
#include "tests/support/recorded.hpp"
#include "tests/support/tell.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const Codec& codec_of(DialectId id) {
    return *dialects().get(id).codec();
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0190-call";
    wishes.model = "asked-for";
    wishes.stream_usage = true;
    return wishes;
}

// What the gateway does with one stream: each piece's events are read and written before the next piece comes.
class Emission {
public:
    Emission(DialectId provider, DialectId client)
        : decoder_(codec_of(provider).answer_decoder()),
          encoder_(codec_of(client).answer_encoder(wishes(), drops_)),
          check_(codec_of(client)) {}

    void piece(const std::string& bytes) {
        for (const auto& event : framer_.feed(bytes)) {
            decoder_->decode(event, said_);
        }
        say();
    }

    // The end of the provider's bytes: its answer is over, or it broke off.
    void end() {
        SseEvent tail;
        if (framer_.finish(tail)) { decoder_->decode(tail, said_); }
        decoder_->finish(said_);
        say();
        if (!over_) {
            said_.emplace_back(answer::Failed{{502, ErrorClass::truncated, "it broke off", {}, "0190-call"}});
            said_.emplace_back(answer::End{});
            say();
        }
        check_.end();
    }

    const std::string& fault() const { return check_.fault(); }
    const std::string& sent() const { return sent_; }

private:
    void say() {
        std::string bytes;
        for (const auto& event : said_) {
            if (!over_) { encoder_->encode(event, bytes); }
            over_ = over_ || std::holds_alternative<answer::End>(event);
        }
        said_.clear();
        check_.add(bytes);
        sent_ += bytes;
    }

    Drops drops_;
    SseFramer framer_;
    std::unique_ptr<AnswerDecoder> decoder_;
    std::unique_ptr<AnswerEncoder> encoder_;
    EmittedCheck check_;
    std::vector<AnswerEvent> said_;
    std::string sent_;
    bool over_ = false;
};

std::vector<Recording> all_recordings() {
    auto found = golden_recordings();
    for (auto& one : recordings()) {
        found.push_back(std::move(one));
    }
    return found;
}

// Pieces of one byte up to `bytes_max`.
Emission cut_at_random(const std::string& stream, DialectId provider, DialectId client, std::mt19937& random,
                       std::size_t bytes_max) {
    Emission emission(provider, client);
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t size = 1 + random() % bytes_max;
        emission.piece(stream.substr(at, size));
        at += size;
    }
    emission.end();
    return emission;
}

std::vector<std::string> events_of(const std::string& stream) {
    std::vector<std::string> events;
    SseFramer framer;
    for (const auto& event : framer.feed(stream)) {
        events.emplace_back(event.raw);
    }
    return events;
}

// One event lost, said twice, or swapped with another.
void mistreat(std::vector<std::string>& events, std::mt19937& random) {
    if (events.empty()) { return; }
    const std::size_t at = random() % events.size();
    const auto place = events.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random() % 3) {
        case 0: events.erase(place); break;
        case 1: events.insert(place, std::string(events[at])); break;
        default: std::swap(events[at], events[random() % events.size()]);
    }
}

}  // namespace

TEST_SUITE("dialects/emitted") {
    TEST_CASE("T2: every recorded stream, cut at random, for each dialect's clients") {
        std::mt19937 random(4);
        int streams = 0;
        for (const auto& one : all_recordings()) {
            const std::string stream = one.stream();
            if (stream.empty()) { continue; }
            ++streams;
            CAPTURE(one.name);
            for (const auto& client : dialect_names) {
                CAPTURE(client.name);
                const Emission whole = cut_at_random(stream, one.dialect, client.id, random, 1U << 30);
                REQUIRE(whole.fault() == "");
                for (const std::size_t bytes_max : {std::size_t{3}, std::size_t{40}, std::size_t{1500}}) {
                    if (stream.size() / bytes_max > 20000) { continue; }
                    const Emission cut = cut_at_random(stream, one.dialect, client.id, random, bytes_max);
                    REQUIRE(cut.fault() == "");
                    REQUIRE(cut.sent() == whole.sent());
                }
            }
        }
        CHECK(streams >= 60);
        TELL(streams << " streams for clients of four dialects");
    }

    TEST_CASE("T2: recorded streams with events lost, said twice and swapped, for each dialect's clients") {
        std::mt19937 random(5);
        int streams = 0;
        for (const auto& one : all_recordings()) {
            const std::string stream = one.stream();
            // Long streams say the same few kinds of events.
            if (stream.empty() || stream.size() > 20000) { continue; }
            CAPTURE(one.name);
            for (int round = 0; round < 6; ++round) {
                auto events = events_of(stream);
                for (int times = 1 + round / 2; times > 0; --times) {
                    mistreat(events, random);
                }
                std::string broken;
                for (const auto& event : events) {
                    broken += event;
                }
                CAPTURE(broken);
                for (const auto& client : dialect_names) {
                    CAPTURE(client.name);
                    REQUIRE(cut_at_random(broken, one.dialect, client.id, random, 1U << 30).fault() == "");
                    ++streams;
                }
            }
        }
        TELL(streams << " broken streams translated");
    }

    TEST_CASE("a call without a name is none, and an id said twice is told apart, whoever says it") {
        struct Row {
            DialectId dialect;
            const char* answer;
        };
        const Row rows[] = {
            {DialectId::anthropic,
             R"({"type":"message","id":"m","model":"x","role":"assistant","stop_reason":"tool_use","content":[
                {"type":"tool_use","id":"a","name":"","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}},
                {"type":"tool_use","id":"b","name":"g","input":{}}],"usage":{"input_tokens":1,"output_tokens":1}})"},
            {DialectId::openai_chat,
             R"({"id":"m","model":"x","choices":[{"index":0,"finish_reason":"tool_calls","message":{"tool_calls":[
                {"index":0,"id":"b","type":"function","function":{"name":"f","arguments":"{}"}},
                {"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]}}]})"},
            {DialectId::openai_responses,
             R"({"id":"r","object":"response","status":"completed","model":"x","output":[
                {"type":"function_call","id":"fc_1","call_id":"a","name":"","arguments":"{}"},
                {"type":"function_call","id":"fc_2","call_id":"b","name":"f","arguments":"{}"},
                {"type":"function_call","id":"fc_3","call_id":"b","name":"g","arguments":"{}"}]})"},
            {DialectId::gemini,
             R"({"candidates":[{"finishReason":"STOP","content":{"role":"model","parts":[
                {"functionCall":{"name":"","args":{}}},{"functionCall":{"id":"b","name":"f","args":{}}},
                {"functionCall":{"id":"b","name":"g","args":{}}}]}}]})"}};
        for (const auto& row : rows) {
            CAPTURE(to_string(row.dialect));
            std::vector<AnswerEvent> events;
            REQUIRE(codec_of(row.dialect).decode_answer(row.answer, events));
            std::vector<std::string> names;
            std::vector<std::string> ids;
            for (const auto& event : events) {
                const auto* begin = std::get_if<answer::PartBegin>(&event);
                if (begin == nullptr || begin->kind != answer::PartKind::tool_call) { continue; }
                names.push_back(begin->call.name);
                ids.push_back(begin->call.id);
            }
            CHECK(names == std::vector<std::string>{"f", "g"});
            REQUIRE(ids.size() == 2);
            CHECK(ids[0] == "b");
            CHECK(ids[1] != "b");
            for (const auto& client : dialect_names) {
                if (client.id == row.dialect) { continue; }  // equals get the provider's own bytes
                CAPTURE(client.name);
                Drops drops;
                std::string stream;
                const auto encoder = codec_of(client.id).answer_encoder(wishes(), drops);
                for (const auto& event : events) {
                    encoder->encode(event, stream);
                }
                EmittedCheck check(codec_of(client.id));
                check.add(stream);
                check.end();
                CHECK(check.fault() == "");
            }
        }
    }
}
