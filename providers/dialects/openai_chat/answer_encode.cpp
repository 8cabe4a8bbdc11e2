// Writes an answer as chat.completion.chunk events. Each goes out as soon as its source came.
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/openai_chat/answer_shapes.hpp"
#include "providers/dialects/openai_chat/call_seals.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/dialects/openai_chat/cut_text.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"
#include "providers/dialects/openai_error.hpp"

namespace llmgw::wire {

namespace chat {

namespace {

using answer::PartKind;

struct Choice {
    bool begun = false;  // its role was said
    PartKind kind = PartKind::text;
    std::string item_id;
    bool between = false;     // something other than text was said since the last text
    bool break_due = false;   // the next text begins a paragraph
    std::int64_t said = 0;    // code points of content
    std::int64_t offset = 0;  // ... before this part
    int calls = 0;
    ClientCall call;
    BridgedInput bridged;
    bool arguments_said = false;
    bool call_lost = false;  // a second call of a client that knows one
    bool refused = false;
    bool finished = false;
    WholeCharacters characters;        // of the open part
    std::vector<ReasoningSeal> seals;  // for the next call's id
};

class ChunkWriter final : public AnswerEncoder {
public:
    ChunkWriter(const AnswerWishes& wishes, Drops& drops) : wishes_(wishes), drops_(drops), tools_(wishes.request) {
        set_prefix({});
    }

    void encode(const AnswerEvent& event, std::string& out) override {
        if (failed_) { return; }
        out_ = &out;
        std::visit([this](const auto& said) { on(said); }, event);
    }

private:
    void set_prefix(const answer::Begin& begin) {
        prefix_ = fmt::format(R"(data: {{"id":{},"object":"chat.completion.chunk","created":{},"model":{},)",
                              json_scan::quote(answer_id(begin, wishes_)), answer_time(begin, wishes_),
                              json_scan::quote(answer_model(begin, wishes_)));
    }

    void on(const answer::Begin& begin) {
        set_prefix(begin);
        choice(0);
    }

    void on(const answer::PartBegin& begin) {
        Choice& choice = this->choice(begin.candidate);
        choice.kind = begin.kind;
        switch (begin.kind) {
            case PartKind::text:
                choice.break_due = choice.said > 0 && (choice.between || begin.item_id != choice.item_id);
                choice.between = false;
                choice.item_id = begin.item_id;
                choice.offset = choice.said + (choice.break_due ? code_points(paragraph) : 0);
                return;
            case PartKind::tool_call: begin_call(begin, choice); break;
            case PartKind::media: write_media(begin); break;
            case PartKind::foreign:
                // What is this dialect's is a member of the message.
                if (begin.foreign.origin == DialectId::openai_chat) {
                    delta(begin.candidate, fmt::format(R"({{{}:{}}})", json_scan::quote(begin.foreign.type),
                                                       one_line(begin.foreign.raw)));
                } else {
                    drops_.note(fmt::format("answer: {}", begin.foreign.type), "openai-chat has no such block");
                }
                break;
            case PartKind::reasoning:
            case PartKind::refusal: break;
        }
        choice.between = true;
    }

    void begin_call(const answer::PartBegin& begin, Choice& choice) {
        choice.call = tools_.find(begin.call);
        choice.bridged = {};
        choice.arguments_said = false;
        choice.call_lost = tools_.legacy() && choice.calls > 0;
        if (choice.call_lost) {
            drops_.note("answer: more than one call", "function_call says one; declare tools instead of functions");
            return;
        }
        ++choice.calls;
        const std::string name = json_scan::quote(choice.call.name);
        if (tools_.legacy()) {
            delta(begin.candidate, fmt::format(R"({{"function_call":{{"name":{},"arguments":""}}}})", name));
            return;
        }
        SealedCall sealed{begin.call.id, {}, std::exchange(choice.seals, {})};
        std::string extra;
        if (begin.call.sealed.origin == DialectId::openai_chat) {
            if (begin.call.sealed.data.starts_with('{')) {
                extra = ",\"extra_content\":" + one_line(begin.call.sealed.data);
            }
        } else {
            sealed.own = begin.call.sealed;
        }
        const std::string id = json_scan::quote(seal_call_id(sealed));
        const int index = choice.calls - 1;
        if (choice.call.custom) {
            delta(
                begin.candidate,
                fmt::format(
                    R"({{"tool_calls":[{{"index":{},"id":{},"type":"custom","custom":{{"name":{},"input":""}}{}}}]}})",
                    index, id, name, extra));
        } else {
            delta(
                begin.candidate,
                fmt::format(
                    R"({{"tool_calls":[{{"index":{},"id":{},"type":"function","function":{{"name":{},"arguments":""}}{}}}]}})",
                    index, id, name, extra));
        }
    }

    void say_arguments(int candidate, Choice& choice, std::string_view piece) {
        if (piece.empty() || choice.call_lost) { return; }
        choice.arguments_said = true;
        const std::string text = json_scan::quote(piece);
        if (tools_.legacy()) {
            delta(candidate, fmt::format(R"({{"function_call":{{"arguments":{}}}}})", text));
            return;
        }
        const char* form = choice.call.custom ? R"("custom":{"input":)" : R"("function":{"arguments":)";
        delta(candidate, fmt::format(R"({{"tool_calls":[{{"index":{},{}{}}}}}]}})", choice.calls - 1, form, text));
    }

    // OpenRouter's form, which image models behind other hosts use too.
    void write_media(const answer::PartBegin& begin) {
        const std::string address = image_address(begin.media);
        if (address.empty()) {
            drops_.note("answer: media", "openai-chat has no place for it in a stream");
            return;
        }
        delta(begin.candidate, fmt::format(R"({{"images":[{{"type":"image_url","image_url":{{"url":{}}}}}]}})",
                                           json_scan::quote(address)));
    }

    void on(const answer::Delta& said) {
        Choice& choice = this->choice(said.candidate);
        std::string buffer;
        switch (said.kind) {
            case answer::DeltaKind::text:
                return say_text(said.candidate, choice, choice.characters.take(said.text, buffer));
            case answer::DeltaKind::reasoning_text:
            case answer::DeltaKind::summary:
                return say_reasoning(said.candidate, choice.characters.take(said.text, buffer));
            case answer::DeltaKind::summary_break: return say_reasoning(said.candidate, paragraph);
            case answer::DeltaKind::logprobs:
                chunk(said.candidate, R"({"content":""})",
                      fmt::format(R"(,"logprobs":{})", one_line(logprobs_json(said.raw))), "null");
        }
    }

    void say_text(int candidate, Choice& choice, std::string_view text) {
        if (text.empty()) { return; }
        if (choice.kind == PartKind::tool_call) {
            if (choice.call.bridged) { return say_arguments(candidate, choice, choice.bridged.feed(text)); }
            say_arguments(candidate, choice, text);
        } else if (choice.kind == PartKind::refusal) {
            choice.refused = true;
            text_delta(candidate, "refusal", text);
        } else {
            if (std::exchange(choice.break_due, false)) {
                text_delta(candidate, "content", paragraph);
                choice.said += code_points(paragraph);
            }
            choice.said += code_points(text);
            text_delta(candidate, "content", text);
        }
    }

    void say_reasoning(int candidate, std::string_view text) {
        if (wishes_.show_reasoning && !text.empty()) { text_delta(candidate, "reasoning_content", text); }
    }

    void on(const answer::Cited& cited) {
        Choice& choice = this->choice(cited.candidate);
        JsonWriter writer;
        writer.begin_object().key("annotations").begin_array();
        if (!write_annotation(cited.citation, choice.offset, choice.said, writer)) {
            drops_.note("answer: citations without an address", "openai-chat cites addresses only");
            return;
        }
        writer.end_array().end_object();
        delta(cited.candidate, writer.text());
    }

    void on(const answer::PartEnd& end) {
        Choice& choice = this->choice(end.candidate);
        if (const std::string rest = choice.characters.finish(); !rest.empty()) {
            choice.kind == PartKind::reasoning ? say_reasoning(end.candidate, rest)
                                               : say_text(end.candidate, choice, rest);
        }
        if (choice.kind == PartKind::reasoning || choice.kind == PartKind::text) { return take_seal(end, choice); }
        if (choice.kind != PartKind::tool_call) { return; }
        if (choice.call.bridged) { say_arguments(end.candidate, choice, choice.bridged.finish()); }
        // Clients parse the arguments: a call without any has an empty object.
        if (!choice.arguments_said && !choice.call.custom) { say_arguments(end.candidate, choice, "{}"); }
    }

    // This dialect's own seals have fields of their own; those of other reasoning wait for the next call.
    void take_seal(const answer::PartEnd& end, Choice& choice) {
        if (end.sealed.empty()) { return; }
        if (end.sealed.origin != DialectId::openai_chat) {
            if (choice.kind == PartKind::reasoning) { choice.seals.push_back({end.sealed, end.redacted}); }
        } else if (end.sealed.data.starts_with('[')) {
            delta(end.candidate, fmt::format(R"({{"reasoning_details":{}}})", one_line(end.sealed.data)));
        } else if (end.sealed.data.starts_with('{')) {
            delta(end.candidate, fmt::format(R"({{"extra_content":{}}})", one_line(end.sealed.data)));
        }
    }

    void on(const answer::UsageSeen& seen) { usage_ = seen.usage; }

    void on(const answer::Finish& finish) {
        Choice& choice = this->choice(finish.candidate);
        if (!choice.refused && finish.reason == answer::StopReason::refusal && !finish.message.empty()) {
            choice.refused = true;
            text_delta(finish.candidate, "refusal", finish.message);
        }
        // vLLM's member for which sequence it was.
        const std::string stop =
            finish.stop_sequence.empty() ? std::string() : ",\"stop_reason\":" + json_scan::quote(finish.stop_sequence);
        choice.finished = true;
        const std::string_view word = finish_word(finish.reason, choice.calls > 0, choice.refused, tools_.legacy());
        chunk(finish.candidate, "{}", stop, fmt::format(R"("{}")", word));
    }

    // No [DONE] follows: a cut answer must not look finished.
    void on(const answer::Failed& failed) {
        failed_ = true;
        *out_ += "data: " + openai_error_body(failed.error) + "\n\n";
    }

    void on(const answer::End&) {
        // One of several choices may have been left without a word about its end.
        for (auto& [candidate, choice] : choices_) {
            if (!choice.finished) { on(answer::Finish{answer::StopReason::end_turn, candidate, {}, {}, {}}); }
        }
        if (wishes_.stream_usage && usage_) {
            *out_ += prefix_;
            if (!usage_->service_tier.empty()) {
                *out_ += "\"service_tier\":" + json_scan::quote(usage_->service_tier) + ",";
            }
            *out_ += R"("choices":[],"usage":)" + usage_json(*usage_) + "}\n\n";
        }
        *out_ += "data: [DONE]\n\n";
    }

    Choice& choice(int candidate) {
        Choice& choice = choices_[candidate];
        if (!choice.begun) {
            choice.begun = true;
            delta(candidate, R"({"role":"assistant","content":""})");
        }
        return choice;
    }

    void text_delta(int candidate, std::string_view name, std::string_view text) {
        delta(candidate, fmt::format(R"({{"{}":{}}})", name, json_scan::quote(text)));
    }

    void delta(int candidate, std::string_view json) { chunk(candidate, json, {}, "null"); }

    // `more`: further members of the choice, each with a comma before it.
    void chunk(int candidate, std::string_view delta, std::string_view more, std::string_view finish) {
        *out_ += prefix_;
        fmt::format_to(std::back_inserter(*out_), R"("choices":[{{"index":{},"delta":{}{},"finish_reason":{}}}])",
                       candidate, delta, more, finish);
        *out_ += wishes_.stream_usage ? ",\"usage\":null}\n\n" : "}\n\n";
    }

    AnswerWishes wishes_;
    Drops& drops_;
    ClientTools tools_;
    std::string prefix_;
    std::map<int, Choice> choices_;
    std::optional<Usage> usage_;
    std::string* out_ = nullptr;
    bool failed_ = false;
};

}  // namespace

}  // namespace chat

std::unique_ptr<AnswerEncoder> OpenAiChatCodec::answer_encoder(const AnswerWishes& wishes, Drops& drops) const {
    return std::make_unique<chat::ChunkWriter>(wishes, drops);
}

}  // namespace llmgw::wire
