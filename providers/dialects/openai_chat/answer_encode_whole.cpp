// Writes a whole answer as one chat.completion.
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/dialect/whole_answer.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/openai_chat/answer_shapes.hpp"
#include "providers/dialects/openai_chat/call_seals.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire {

namespace chat {

namespace {

using answer::PartKind;

// One choice, gathered from its parts.
class ChoiceWriter {
public:
    ChoiceWriter(const AnswerWishes& wishes, const ClientTools& tools, Drops& drops)
        : wishes_(wishes), tools_(tools), drops_(drops) {
        annotations_.begin_array();
        calls_.begin_array();
        images_.begin_array();
        logprobs_.begin_array();
    }

    void write(std::size_t index, const AnswerCandidate& candidate, JsonWriter& writer) {
        for (const auto& part : candidate.parts) {
            add(part);
        }
        const answer::Finish finish = candidate.finish.value_or(answer::Finish{});
        if (refusal_.empty() && finish.reason == answer::StopReason::refusal) { refusal_ = finish.message; }
        writer.begin_object().member("index", static_cast<std::int64_t>(index));
        write_message(writer);
        writer.key("logprobs");
        logprobs_text_.empty() ? writer.null() : writer.raw(logprobs_text_);
        writer.member("finish_reason", finish_word(finish.reason, call_count_ > 0, !refusal_.empty(), tools_.legacy()));
        writer.member_if("stop_reason", finish.stop_sequence);
        writer.end_object();
    }

private:
    void add(const AnswerPart& part) {
        switch (part.begin.kind) {
            case PartKind::text: return add_text(part);
            case PartKind::reasoning: add_reasoning(part); break;
            case PartKind::tool_call: add_call(part); break;
            case PartKind::refusal: refusal_ += part.text; break;
            case PartKind::media: add_media(part.begin.media); break;
            case PartKind::foreign: add_foreign(part.begin.foreign); break;
        }
        between_ = true;
    }

    // What is this dialect's is a member of the message.
    void add_foreign(const part::Foreign& foreign) {
        if (foreign.origin != DialectId::openai_chat) {
            drops_.note(fmt::format("answer: {}", foreign.type), "openai-chat has no such block");
        } else if (!own_.emplace(foreign.type, foreign.raw).second) {
            drops_.note(fmt::format("answer: {}", foreign.type), "a message has one");
        }
    }

    void add_text(const AnswerPart& part) {
        if (!content_.empty() && !part.text.empty() && (between_ || part.begin.item_id != item_id_)) {
            content_ += paragraph;
        }
        between_ = false;
        item_id_ = part.begin.item_id;
        const std::int64_t offset = code_points(content_);
        content_ += part.text;
        for (const auto& citation : part.citations) {
            if (write_annotation(citation, offset, code_points(content_), annotations_)) {
                cited_ = true;
            } else {
                drops_.note("answer: citations without an address", "openai-chat cites addresses only");
            }
        }
        if (!part.sealed.data.empty() && part.sealed.origin == DialectId::openai_chat) { extra_ = part.sealed.data; }
        for (const auto& raw : part.logprobs) {
            add_logprobs(logprobs_json(raw));
        }
    }

    // One object with all pieces' lists put together.
    void add_logprobs(const std::string& json) {
        const auto list = json_scan::member(json, "content");
        if (!list || !list->is_array()) {
            if (logprobs_text_.empty()) { logprobs_text_ = json; }
            return;
        }
        json_scan::each_element(list->text, [&](const json_scan::Value& token) {
            logprobs_.raw(token.text);
            return true;
        });
        const auto refusal = json_scan::member(json, "refusal");
        logprobs_text_ = fmt::format(R"({{"content":{}],"refusal":{}}})", logprobs_.text(),
                                     refusal ? refusal->text : std::string_view("null"));
    }

    void add_reasoning(const AnswerPart& part) {
        if (!part.sealed.empty()) {
            if (part.sealed.origin != DialectId::openai_chat) {
                seals_.push_back({part.sealed, part.redacted});
            } else if (part.sealed.data.starts_with('[')) {
                details_ = part.sealed.data;
            } else {
                extra_ = part.sealed.data;
            }
        }
        if (!wishes_.show_reasoning) { return; }
        const auto add_words = [&](const std::string& words) {
            if (!reasoning_.empty() && !words.empty()) { reasoning_ += paragraph; }
            reasoning_ += words;
        };
        add_words(part.text);
        for (const auto& summary : part.summary) {
            add_words(summary);
        }
    }

    void add_call(const AnswerPart& part) {
        const ClientCall call = tools_.find(part.begin.call);
        std::string arguments = part.text;
        if (call.bridged) {
            BridgedInput bridged;
            arguments = bridged.feed(part.text);
            arguments += bridged.finish();
        }
        if (arguments.empty() && !call.custom) { arguments = "{}"; }
        if (tools_.legacy()) {
            if (call_count_++ > 0) {
                drops_.note("answer: more than one call", "function_call says one; declare tools instead of functions");
                return;
            }
            function_call_ = fmt::format(R"({{"name":{},"arguments":{}}})", json_scan::quote(call.name),
                                         json_scan::quote(arguments));
            return;
        }
        ++call_count_;
        const Sealed& own = part.sealed.empty() ? part.begin.call.sealed : part.sealed;
        const bool ours = own.origin == DialectId::openai_chat;
        SealedCall sealed{part.begin.call.id, ours ? Sealed{} : own, std::exchange(seals_, {})};
        const std::string_view type = call.custom ? "custom" : "function";
        calls_.begin_object().member("id", seal_call_id(sealed)).member("type", type);
        calls_.key(type).begin_object().member("name", call.name);
        calls_.member(call.custom ? "input" : "arguments", arguments).end_object();
        if (ours && own.data.starts_with('{')) { calls_.raw_member("extra_content", own.data); }
        calls_.end_object();
    }

    void add_media(const part::Media& media) {
        const std::string address = image_address(media);
        if (address.empty()) {
            drops_.note("answer: media", "openai-chat has no place for it");
            return;
        }
        has_images_ = true;
        images_.begin_object().member("type", "image_url").key("image_url").begin_object().member("url", address);
        images_.end_object().end_object();
    }

    void write_message(JsonWriter& writer) {
        writer.key("message").begin_object().member("role", "assistant").key("content");
        const bool silent = content_.empty() && (call_count_ > 0 || !refusal_.empty());
        silent ? writer.null() : writer.string(content_);
        writer.member_if("reasoning_content", reasoning_).raw_member_if("reasoning_details", details_);
        writer.key("refusal");
        refusal_.empty() ? writer.null() : writer.string(refusal_);
        if (cited_) { writer.raw_member("annotations", annotations_.end_array().text()); }
        if (has_images_) { writer.raw_member("images", images_.end_array().text()); }
        if (call_count_ > 0 && !tools_.legacy()) { writer.raw_member("tool_calls", calls_.end_array().text()); }
        writer.raw_member_if("function_call", function_call_).raw_member_if("extra_content", extra_);
        for (const auto& [name, json] : own_) {
            writer.raw_member(name, json);
        }
        writer.end_object();
    }

    const AnswerWishes& wishes_;
    const ClientTools& tools_;
    Drops& drops_;
    std::string content_;
    std::string item_id_;
    bool between_ = false;
    std::string reasoning_;
    std::string details_;
    std::string refusal_;
    std::string extra_;
    std::map<std::string, JsonText> own_;
    std::string function_call_;
    std::string logprobs_text_;
    JsonWriter annotations_;
    JsonWriter calls_;
    JsonWriter images_;
    JsonWriter logprobs_;
    bool cited_ = false;
    bool has_images_ = false;
    int call_count_ = 0;
    std::vector<ReasoningSeal> seals_;
};

}  // namespace

}  // namespace chat

std::string OpenAiChatCodec::encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                                           Drops& drops) const {
    const WholeAnswer answer = assemble(events);
    const chat::ClientTools tools(wishes.request);
    JsonWriter writer;
    writer.begin_object().member("id", chat::answer_id(answer.begin, wishes)).member("object", "chat.completion");
    writer.member("created", chat::answer_time(answer.begin, wishes));
    writer.member("model", chat::answer_model(answer.begin, wishes));
    writer.key("choices").begin_array();
    for (std::size_t i = 0; i < answer.candidates.size(); ++i) {
        chat::ChoiceWriter(wishes, tools, drops).write(i, answer.candidates[i], writer);
    }
    writer.end_array();
    if (answer.usage) {
        writer.raw_member("usage", chat::usage_json(*answer.usage));
        writer.member_if("service_tier", answer.usage->service_tier);
    }
    return writer.end_object().take();
}

}  // namespace llmgw::wire
