// Reads Cohere's answers, streamed and whole.
#include <utility>

#include "providers/dialects/cohere_chat/answer_parts.hpp"
#include "providers/dialects/cohere_chat/codec.hpp"
#include "providers/dialects/cohere_chat/cohere_chat.hpp"
#include "providers/dialects/cohere_chat/first_api.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

std::string text_at(std::string_view json, std::initializer_list<std::string_view> path) {
    const auto value = json_scan::at(json, path);
    return value ? string_or_empty(*value) : "";
}

void say_usage(std::string_view object, std::vector<AnswerEvent>& out) {
    const auto usage = json_scan::member(object, "usage");
    if (usage && usage->is_object()) { out.emplace_back(answer::UsageSeen{cohere_counted(usage->text)}); }
}

// One citation, or a list of them.
template <class Visit>
void each_citation(const Value& citations, Visit&& visit) {
    if (citations.is_object()) { visit(citations.text); }
    if (!citations.is_array()) { return; }
    json_scan::each_element(citations.text, [&](const Value& one) {
        visit(one.text);
        return true;
    });
}

class CohereDecoder final : public AnswerDecoder {
public:
    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (sse.comment_only || ended_) { return; }
        parts_.say_to(out);
        const auto type = json_scan::member(sse.data, "type");
        const auto word = type ? type->raw_string() : std::string_view{};
        if (word == "content-delta") {
            begin({}, out);
            take_content(sse.data);
        } else if (word == "content-start") {
            begin({}, out);
            parts_.next_content();
            take_content(sse.data);
        } else if (word == "tool-plan-delta") {
            begin({}, out);
            parts_.plan(text_at(sse.data, {"delta", "message", "tool_plan"}));
        } else if (word == "tool-call-start") {
            begin({}, out);
            parts_.begin_call(text_at(sse.data, {"delta", "message", "tool_calls", "id"}),
                              text_at(sse.data, {"delta", "message", "tool_calls", "function", "name"}));
            take_arguments(sse.data);
        } else if (word == "tool-call-delta") {
            take_arguments(sse.data);
        } else if (word == "tool-call-end") {
            parts_.stop();
        } else if (word == "citation-start") {
            const auto citations = json_scan::at(sse.data, {"delta", "message", "citations"});
            if (citations) {
                each_citation(*citations, [&](std::string_view citation) { parts_.cite(citation); });
            }
        } else if (word == "message-start") {
            begin(text_at(sse.data, {"id"}), out);
        } else if (word == "message-end") {
            begin({}, out);
            take_end(sse.data, out);
        } else if (word.empty()) {
            take_other(sse.data, out);
        }
    }

    // message-end is the end; without it the answer was cut.
    void finish(std::vector<AnswerEvent>&) override {}

private:
    void begin(std::string id, std::vector<AnswerEvent>& out) {
        if (std::exchange(begun_, true)) { return; }
        answer::Begin begin;
        begin.id = std::move(id);
        out.emplace_back(std::move(begin));
    }

    void take_content(std::string_view data) {
        const auto content = json_scan::at(data, {"delta", "message", "content"});
        if (!content || !content->is_object()) { return; }
        json_scan::each_member(content->text, [&](std::string_view key, const Value& value) {
            if (key == "text") { parts_.text(string_or_empty(value)); }
            if (key == "thinking") { parts_.thinking(string_or_empty(value)); }
            return true;
        });
    }

    void take_arguments(std::string_view data) {
        parts_.arguments(text_at(data, {"delta", "message", "tool_calls", "function", "arguments"}));
    }

    void take_end(std::string_view data, std::vector<AnswerEvent>& out) {
        const auto delta = json_scan::member(data, "delta");
        const auto json = delta && delta->is_object() ? delta->text : std::string_view("{}");
        // The parts come to their end first: usage may stand between them and the finish.
        parts_.stop();
        auto reason = text_at(json, {"finish_reason"});
        if (!is_failure(reason)) { say_usage(json, out); }
        parts_.finish(std::move(reason), text_at(json, {"error"}));
        ended_ = true;
    }

    // A line of the first API, or an error in the middle of a stream.
    void take_other(std::string_view data, std::vector<AnswerEvent>& out) {
        if (json_scan::member(data, "event_type")) {
            begin(text_at(data, {"generation_id"}), out);
            ended_ = say_first_api_event(data, parts_, out);
            return;
        }
        const auto message = json_scan::member(data, "message");
        if (!message || message->type != json_scan::Type::string) { return; }
        begin({}, out);
        parts_.stop();
        out.emplace_back(answer::Failed{classify_error(0, read_error_body(data))});
        out.emplace_back(answer::End{});
        ended_ = true;
    }

    CohereParts parts_;
    bool begun_ = false;
    bool ended_ = false;
};

// A content element of a whole message: {type: text|thinking, ...}.
void say_content(const Value& content, const Value* citations, CohereParts& parts) {
    std::int64_t index = 0;
    const auto cite = [&] {
        if (citations == nullptr) { return; }
        each_citation(*citations, [&](std::string_view citation) {
            const auto of = json_scan::member(citation, "content_index");
            if (of && of->as_int().value_or(index) != index) { return; }
            parts.cite(citation);
        });
    };
    if (content.type == json_scan::Type::string) {
        parts.text(string_or_empty(content));
        cite();
    }
    if (!content.is_array()) { return; }
    json_scan::each_element(content.text, [&](const Value& element) {
        parts.next_content();
        json_scan::each_member(element.text, [&](std::string_view key, const Value& value) {
            if (key == "text") { parts.text(string_or_empty(value)); }
            if (key == "thinking") { parts.thinking(string_or_empty(value)); }
            return true;
        });
        cite();
        parts.stop();
        ++index;
        return true;
    });
}

}  // namespace

std::unique_ptr<AnswerDecoder> CohereChatCodec::answer_decoder() const {
    return std::make_unique<CohereDecoder>();
}

bool CohereChatCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    const auto message = json_scan::member(body, "message");
    if (!message || !message->is_object()) { return decode_first_api_answer(body, out); }
    answer::Begin begin;
    begin.id = text_at(body, {"id"});
    out.emplace_back(std::move(begin));
    CohereParts parts;
    parts.say_to(out);
    const auto citations = json_scan::member(message->text, "citations");
    if (const auto content = json_scan::member(message->text, "content")) {
        say_content(*content, citations ? &*citations : nullptr, parts);
    }
    parts.plan(text_at(message->text, {"tool_plan"}));
    if (citations) {
        each_citation(*citations, [&](std::string_view citation) { parts.cite(citation); });
    }
    parts.stop();
    if (const auto calls = json_scan::member(message->text, "tool_calls"); calls && calls->is_array()) {
        json_scan::each_element(calls->text, [&](const Value& call) {
            parts.begin_call(text_at(call.text, {"id"}), text_at(call.text, {"function", "name"}));
            parts.arguments(text_at(call.text, {"function", "arguments"}));
            parts.stop();
            return true;
        });
    }
    auto reason = text_at(body, {"finish_reason"});
    if (!is_failure(reason)) { say_usage(body, out); }
    parts.finish(std::move(reason), text_at(body, {"error"}));
    return true;
}

const CohereChatCodec& cohere_chat_codec() {
    static const CohereChatCodec codec;
    return codec;
}

}  // namespace llmgw::wire
