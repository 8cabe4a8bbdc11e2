// Reads Converse's answers, streamed and whole.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "providers/dialects/bedrock_converse/bedrock_converse.hpp"
#include "providers/dialects/bedrock_converse/block_reader.hpp"
#include "providers/dialects/bedrock_converse/codec.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using answer::StopReason;
using json_scan::Value;

namespace {

struct StopName {
    std::string_view word;
    StopReason reason;
};

constexpr std::array<StopName, 7> stop_names{{{"end_turn", StopReason::end_turn},
                                              {"tool_use", StopReason::tool_use},
                                              {"max_tokens", StopReason::max_tokens},
                                              {"stop_sequence", StopReason::stop_sequence},
                                              {"guardrail_intervened", StopReason::content_filter},
                                              {"content_filtered", StopReason::content_filter},
                                              {"model_context_window_exceeded", StopReason::context_window}}};

answer::Finish finish_of(std::string word) {
    answer::Finish finish;
    const auto row = std::ranges::find(stop_names, std::string_view(word), &StopName::word);
    finish.reason = row != stop_names.end() ? row->reason : StopReason::other;
    if (word == "guardrail_intervened") { finish.message = "A guardrail stepped in."; }
    finish.word = std::move(word);
    return finish;
}

std::string member_text(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? string_or_empty(*value) : "";
}

Usage usage_in(std::string_view json, std::string_view usage) {
    static const BedrockConverse dialect;
    auto read = dialect.decode_usage(usage);
    if (const auto tier = json_scan::at(json, {"serviceTier", "type"})) { read.service_tier = string_or_empty(*tier); }
    return read;
}

// Of what was asked to be told of the model's own answer: which stop sequence it was.
std::string stop_sequence_in(std::string_view json) {
    const auto fields = json_scan::member(json, "additionalModelResponseFields");
    if (!fields || !fields->is_object()) { return {}; }
    return member_text(fields->text, "stop_sequence");
}

class ConverseDecoder final : public AnswerDecoder {
public:
    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (sse.comment_only || ended_) { return; }
        parts_.say_to(out);
        if (sse.name == "contentBlockDelta") {
            begin(out);
            if (const auto delta = json_scan::member(sse.data, "delta")) { take_delta(delta->text); }
        } else if (sse.name == "contentBlockStart") {
            begin(out);
            if (const auto start = json_scan::member(sse.data, "start")) { take_start(start->text); }
        } else if (sse.name == "contentBlockStop") {
            parts_.stop();
        } else if (sse.name == "messageStart") {
            begin(out);
        } else if (sse.name == "messageStop") {
            begin(out);
            parts_.stop();
            finish_ = finish_of(member_text(sse.data, "stopReason"));
            finish_->stop_sequence = stop_sequence_in(sse.data);
        } else if (sse.name == "metadata") {
            begin(out);
            const auto usage = json_scan::member(sse.data, "usage");
            if (usage && usage->is_object()) { out.emplace_back(answer::UsageSeen{usage_in(sse.data, usage->text)}); }
            finish(out);
        } else if (is_exception(sse.name)) {
            begin(out);
            out.emplace_back(answer::Failed{aws_error(0, sse.name, sse.data)});
            out.emplace_back(answer::End{});
            ended_ = true;
        }
    }

    // Ends with the metadata, or, without it, with the connection.
    void finish(std::vector<AnswerEvent>& out) override {
        if (ended_ || !finish_) { return; }
        // A delta may have come behind the stop.
        parts_.say_to(out);
        parts_.stop();
        out.emplace_back(std::move(*finish_));
        out.emplace_back(answer::End{});
        ended_ = true;
    }

private:
    void begin(std::vector<AnswerEvent>& out) {
        if (!std::exchange(begun_, true)) { out.emplace_back(answer::Begin{}); }
    }

    void take_start(std::string_view start) {
        const auto block = union_in(start);
        if (!block) { return; }
        if (block->name == "toolUse" && !runs_there(block->value.text)) {
            parts_.begin_call(block->value.text);
        } else if (block->name == "toolUse" || block->name == "toolResult") {
            parts_.begin_foreign(block->name, block->value.text);
        }
    }

    void take_delta(std::string_view json) {
        const auto delta = union_in(json);
        if (!delta) { return; }
        if (delta->name == "text") { parts_.text(string_or_empty(delta->value)); }
        if (delta->name == "reasoningContent") { parts_.reasoning(delta->value.text); }
        if (delta->name == "toolUse") { parts_.input(member_text(delta->value.text, "input")); }
        if (delta->name == "toolResult") { parts_.foreign_content(delta->value.text); }
        if (delta->name == "citation") { parts_.cite(delta->value.text); }
        if (delta->name == "image") { parts_.image(delta->value.text); }
    }

    ConverseBlockReader parts_;
    std::optional<answer::Finish> finish_;
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<AnswerDecoder> BedrockConverseCodec::answer_decoder() const {
    return std::make_unique<ConverseDecoder>();
}

bool BedrockConverseCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    const auto content = json_scan::at(body, {"output", "message", "content"});
    if (!content || !content->is_array()) { return false; }
    out.emplace_back(answer::Begin{});
    ConverseBlockReader parts;
    parts.say_to(out);
    json_scan::each_element(content->text, [&](const Value& element) {
        if (const auto block = union_in(element.text)) { parts.block(*block); }
        return true;
    });
    const auto usage = json_scan::member(body, "usage");
    if (usage && usage->is_object()) { out.emplace_back(answer::UsageSeen{usage_in(body, usage->text)}); }
    auto finish = finish_of(member_text(body, "stopReason"));
    finish.stop_sequence = stop_sequence_in(body);
    if (finish.word.empty()) { finish.reason = parts.called() ? StopReason::tool_use : StopReason::end_turn; }
    out.emplace_back(std::move(finish));
    out.emplace_back(answer::End{});
    return true;
}

const BedrockConverseCodec& bedrock_converse_codec() {
    static const BedrockConverseCodec codec;
    return codec;
}

}  // namespace llmgw::wire
