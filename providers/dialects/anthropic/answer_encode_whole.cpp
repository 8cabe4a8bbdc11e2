// Writes a whole Messages answer.
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "core/dialect/whole_answer.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/answer_words.hpp"
#include "providers/dialects/anthropic/block_encode.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire {

using answer::PartKind;

namespace {

class AnswerWriter {
public:
    AnswerWriter(const AnswerWishes& wishes, Drops& drops) : wishes_(wishes), drops_(drops) {
        if (wishes.request != nullptr) { names_ = ToolNames(wishes.request->tools); }
    }

    std::string write(const WholeAnswer& answer) {
        const AnswerCandidate& candidate = answer.candidates.front();
        if (answer.candidates.size() > 1) { drops_.note("n", "anthropic gives one answer"); }
        writer_.begin_object().member("id", message_id(answer.begin.id, wishes_.call_id));
        writer_.member("type", "message").member("role", "assistant");
        writer_.member("model", answer.begin.model.empty() ? wishes_.model : answer.begin.model);
        writer_.key("content").begin_array();
        for (const AnswerPart& part : candidate.parts) {
            write_part(part);
        }
        writer_.end_array();
        write_stop(writer_, candidate.finish.value_or(answer::Finish{}), called_, refused_);
        writer_.key("usage");
        write_usage(writer_, answer.usage.value_or(Usage{}));
        return writer_.end_object().take();
    }

private:
    void write_part(const AnswerPart& part) {
        if (!part.logprobs.empty()) { drops_.note("logprobs", "anthropic has none"); }
        switch (part.begin.kind) {
            case PartKind::refusal: refused_ = true; [[fallthrough]];
            case PartKind::text: write_text(part); break;
            case PartKind::reasoning: write_reasoning(part); break;
            case PartKind::tool_call: write_call(part); break;
            case PartKind::media: drops_.note("media in the answer", "anthropic's answers are text"); break;
            case PartKind::foreign:
                if (part.begin.foreign.origin == DialectId::anthropic) {
                    writer_.raw(part.begin.foreign.raw);
                } else {
                    drops_.note(part.begin.foreign.type + " in the answer", "anthropic has no such item");
                }
                break;
        }
    }

    void write_text(const AnswerPart& part) {
        const std::vector<JsonText> citations = citations_of(part);
        const bool empty = part.text.empty() && citations.empty();
        if (!empty) {
            writer_.begin_object().member("type", "text").member("text", part.text);
            if (!citations.empty()) { writer_.key("citations").begin_array(); }
            for (const JsonText& citation : citations) {
                writer_.raw(citation);
            }
            if (!citations.empty()) { writer_.end_array(); }
            writer_.end_object();
        }
        const std::string behind = text_seal_field(part.sealed, empty);
        if (!behind.empty()) { write_thinking("", behind); }
    }

    std::vector<JsonText> citations_of(const AnswerPart& part) {
        std::vector<JsonText> out;
        for (const part::Citation& citation : part.citations) {
            JsonText json = citation_json(citation);
            if (json.empty()) {
                drops_.note("citation", "it names no source anthropic could show");
            } else {
                out.push_back(std::move(json));
            }
        }
        return out;
    }

    void write_thinking(std::string_view text, std::string_view signature) {
        writer_.begin_object().member("type", "thinking").member("thinking", text);
        writer_.member("signature", signature).end_object();
    }

    void write_reasoning(const AnswerPart& part) {
        std::string text = part.text;
        for (std::size_t i = 0; i < part.summary.size(); ++i) {
            text += (i > 0 ? "\n\n" : "") + part.summary[i];
        }
        if (!wishes_.show_reasoning) { text.clear(); }
        if (part.redacted && text.empty() && !part.sealed.empty()) {
            writer_.begin_object().member("type", "redacted_thinking").member("data", seal_field(part.sealed));
            writer_.end_object();
            return;
        }
        if (!text.empty() || !part.sealed.empty()) { write_thinking(text, seal_field(part.sealed)); }
    }

    void write_call(const AnswerPart& part) {
        called_ = true;
        part::ToolCall call = part.begin.call;
        call.arguments = part.text;
        const Tool* tool = names_.find(call.name);
        const std::string made = "toolu_" + wishes_.call_id + "_" + std::to_string(calls_++);
        const std::string& id = call.id.empty() ? made : call.id;
        const Sealed& seal = call_seal(part);
        const bool own = seal.origin == DialectId::anthropic;
        writer_.begin_object().member("type", "tool_use").member("id", own ? id : wrap_call_id(id, seal));
        writer_.member("name", tool != nullptr ? tool->name : call.name);
        writer_.raw_member("input", input_object(call)).end_object();
    }

    static const Sealed& call_seal(const AnswerPart& part) {
        return part.begin.call.sealed.empty() ? part.sealed : part.begin.call.sealed;
    }

    const AnswerWishes& wishes_;
    Drops& drops_;
    ToolNames names_;
    JsonWriter writer_;
    int calls_ = 0;
    bool called_ = false;
    bool refused_ = false;
};

}  // namespace

std::string AnthropicCodec::encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                                          Drops& drops) const {
    return AnswerWriter(wishes, drops).write(assemble(events));
}

}  // namespace llmgw::wire
