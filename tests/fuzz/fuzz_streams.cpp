// One dialect's answers, streamed and whole (FUZZED_DIALECT): whatever a provider sends is read into events that keep
// the grammar of core/model/answer_event.hpp, and each other dialect's client gets a stream that keeps its own (T2).
// What the log reads of the same bytes is read as well.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/emitted_check.hpp"
#include "core/dialect/whole_answer.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/sse.hpp"
#include "providers/registry.hpp"

using namespace llmgw;

namespace {

[[noreturn]] void found(DialectId client, const std::string& what, const std::string& bytes) {
    const auto name = to_string(client);
    std::fprintf(stderr, "for %.*s: %s\n%s\n", static_cast<int>(name.size()), name.data(), what.c_str(), bytes.c_str());
    std::abort();
}

// A client with freeform tools and namespaces, which calls are turned back into.
const ChatRequest& asked() {
    static const ChatRequest request = [] {
        ChatRequest made;
        made.tools.resize(3);
        made.tools[0].name = "get_weather";
        made.tools[1].name = "apply_patch";
        made.tools[1].kind = ToolKind::custom;
        made.tools[2].name = "read";
        made.tools[2].name_space = "files";
        return made;
    }();
    return request;
}

// Some hosts' reasoning stands in the text.
TargetTraits host_of(std::string_view text) {
    TargetTraits traits;
    traits.think_tags = text.contains("<think");
    return traits;
}

std::vector<AnswerEvent> read_stream(const Codec& codec, std::string_view text) {
    std::vector<AnswerEvent> events;
    const auto decoder = codec.answer_decoder_for(host_of(text));
    SseFramer framer;
    for (const auto& event : framer.feed(text)) {
        decoder->decode(event, events);
    }
    SseEvent tail;
    if (framer.finish(tail)) { decoder->decode(tail, events); }
    decoder->finish(events);
    return events;
}

void write_for_others(const std::vector<AnswerEvent>& events, bool whole) {
    const bool failed = assemble(events).error.has_value();
    for (const auto& row : dialect_names) {
        if (row.id == DialectId::FUZZED_DIALECT) { continue; }  // equals get the provider's own bytes
        const Codec& client = *dialects().get(row.id).codec();
        AnswerWishes wishes;
        wishes.call_id = "call";
        wishes.model = "asked-for";
        wishes.stream_usage = true;
        wishes.request = &asked();
        Drops drops;
        const auto encoder = client.answer_encoder(wishes, drops);
        std::string stream;
        for (const auto& event : events) {
            encoder->encode(event, stream);
        }
        EmittedCheck check(client);
        check.add(stream);
        check.end();
        if (!check.fault().empty()) { found(row.id, check.fault(), stream); }
        if (whole && !failed) {
            const std::string body = client.encode_answer(events, wishes, drops);
            if (!is_json(body)) { found(row.id, "no JSON", body); }
        }
    }
}

void tap(const Dialect& dialect, std::string_view text) {
    std::vector<Event> events;
    const auto decoder = dialect.stream_decoder();
    SseFramer framer;
    for (const auto& event : framer.feed(text)) {
        decoder->decode(event, events);
    }
    decoder->finish(events);
    (void)dialect.decode_response(text);
    (void)dialect.decode_usage(text);
    const ApiError error = dialect.decode_error(400, text);
    (void)dialect.encode_error(error);
    (void)dialect.encode_stream_error(error, decoder->state());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Dialect& dialect = dialects().get(DialectId::FUZZED_DIALECT);
    tap(dialect, text);

    auto events = read_stream(*dialect.codec(), text);
    if (const auto fault = grammar_fault(events); !fault.empty()) { found(dialect.id(), fault, {}); }
    // What breaks off is ended as the gateway ends it.
    if (events.empty() || !std::holds_alternative<answer::End>(events.back())) {
        events.emplace_back(answer::Failed{{502, ErrorClass::truncated, "it broke off", {}, "call"}});
        events.emplace_back(answer::End{});
    }
    write_for_others(events, false);

    std::vector<AnswerEvent> whole;
    if (!dialect.codec()->decode_answer_for(host_of(text), text, whole)) { return 0; }
    if (const auto fault = grammar_fault(whole); !fault.empty()) { found(dialect.id(), "whole: " + fault, {}); }
    if (!whole.empty() && std::holds_alternative<answer::End>(whole.back())) { write_for_others(whole, true); }
    return 0;
}
