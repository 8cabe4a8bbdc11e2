// The grammar of a Messages stream (T2).
#include <algorithm>
#include <array>
#include <set>

#include "core/util/json_valid.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using json_scan::Type;

namespace {

struct BlockRule {
    std::string_view type;
    std::array<std::string_view, 2> deltas;   // the kinds that may follow its start
    std::array<std::string_view, 4> members;  // that its start must have, beside type
};

constexpr std::array<BlockRule, 7> block_rules{{
    {"text", {"text_delta", "citations_delta"}, {"text"}},
    {"thinking", {"thinking_delta", "signature_delta"}, {"thinking"}},
    {"redacted_thinking", {}, {"data"}},
    {"tool_use", {"input_json_delta"}, {"id", "name", "input"}},
    {"server_tool_use", {"input_json_delta"}, {"id", "name", "input"}},
    {"mcp_tool_use", {"input_json_delta"}, {"id", "name", "input", "server_name"}},
    {"compaction", {"compaction_delta"}, {"content"}},
}};

struct DeltaRule {
    std::string_view type;
    std::string_view member;
    bool object = false;
};

constexpr std::array<DeltaRule, 6> delta_rules{{
    {"text_delta", "text"},
    {"citations_delta", "citation", true},
    {"thinking_delta", "thinking"},
    {"signature_delta", "signature"},
    {"input_json_delta", "partial_json"},
    {"compaction_delta", "content"},
}};

std::string word_at(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? string_or_empty(*value) : "";
}

bool has_count(std::string_view usage, std::string_view key) {
    const auto value = json_scan::member(usage, key);
    return value && value->type == Type::number;
}

class MessageValidator final : public StreamValidator {
public:
    std::string event(const SseEvent& sse) override {
        if (sse.comment_only) { return {}; }
        if (!is_json(sse.data)) { return "the data of " + std::string(sse.name) + " is not JSON"; }
        const std::string type = word_at(sse.data, "type");
        if (type != sse.name) { return "event " + std::string(sse.name) + " holds type " + type; }
        if (over_) { return type + " after the end"; }
        if (type == "error") { return error(sse.data); }
        if (type == "message_start") { return start(sse.data); }
        if (!started_) { return type + " before message_start"; }
        if (type == "ping") { return {}; }
        if (type == "content_block_start") { return block_start(sse.data); }
        if (type == "content_block_delta") { return block_delta(sse.data); }
        if (type == "content_block_stop") { return block_stop(sse.data); }
        if (type == "message_delta") { return change(sse.data); }
        if (type == "message_stop") { return stop(); }
        return "an event of no known type: " + type;
    }

    std::string end() override { return over_ ? "" : "the stream ends without message_stop or error"; }

private:
    std::string error(std::string_view data) {
        over_ = true;
        const auto error = json_scan::member(data, "error");
        const bool said = error && error->is_object() && !word_at(error->text, "type").empty();
        return said ? "" : "an error event without error.type";
    }

    std::string start(std::string_view data) {
        if (started_) { return "a second message_start"; }
        started_ = true;
        const auto message = json_scan::member(data, "message");
        if (!message || !message->is_object()) { return "message_start without a message"; }
        for (const char* key : {"id", "model"}) {
            if (word_at(message->text, key).empty()) { return std::string("message_start without message.") + key; }
        }
        if (word_at(message->text, "type") != "message") { return "message.type is not message"; }
        if (word_at(message->text, "role") != "assistant") { return "message.role is not assistant"; }
        const auto content = json_scan::member(message->text, "content");
        if (!content || content->text != "[]") { return "message_start with content"; }
        for (const char* key : {"stop_reason", "stop_sequence"}) {
            const auto value = json_scan::member(message->text, key);
            if (!value || value->type != Type::null) { return std::string("message_start: ") + key + " is not null"; }
        }
        const auto usage = json_scan::member(message->text, "usage");
        const bool counts = usage && has_count(usage->text, "input_tokens") && has_count(usage->text, "output_tokens");
        return counts ? "" : "message_start without the numbers of message.usage";
    }

    std::string check_index(std::string_view data, std::int64_t expected, const char* what) const {
        const auto index = json_scan::member(data, "index");
        if (index && index->as_int() == expected) { return {}; }
        return std::string(what) + " with index " + (index ? std::string(index->text) : "none") + " instead of " +
               std::to_string(expected);
    }

    std::string block_start(std::string_view data) {
        if (changed_) { return "a block after message_delta"; }
        if (open_) { return "a block inside a block"; }
        if (auto fault = check_index(data, next_, "content_block_start"); !fault.empty()) { return fault; }
        const auto block = json_scan::member(data, "content_block");
        if (!block || !block->is_object()) { return "content_block_start without a block"; }
        open_ = true;
        signed_ = false;
        type_ = word_at(block->text, "type");
        if (type_.empty()) { return "a block without a type"; }
        rule_ = nullptr;
        for (const BlockRule& rule : block_rules) {
            if (rule.type == type_) { rule_ = &rule; }
        }
        if (rule_ == nullptr) { return {}; }
        for (const auto member : rule_->members) {
            if (!member.empty() && !json_scan::member(block->text, member)) {
                return "a " + type_ + " block without " + std::string(member);
            }
        }
        return type_ == "tool_use" ? call_start(block->text) : "";
    }

    std::string call_start(std::string_view block) {
        called_ = true;
        const std::string id = word_at(block, "id");
        if (id.empty() || word_at(block, "name").empty()) { return "a tool_use block with an empty id or name"; }
        return ids_.insert(id).second ? "" : "two tool_use blocks with the id " + id;
    }

    std::string block_delta(std::string_view data) {
        if (!open_) { return "a delta outside a block"; }
        if (auto fault = check_index(data, next_, "content_block_delta"); !fault.empty()) { return fault; }
        const auto delta = json_scan::member(data, "delta");
        const std::string kind = delta ? word_at(delta->text, "type") : "";
        if (rule_ == nullptr || std::ranges::find(rule_->deltas, kind) == rule_->deltas.end() || kind.empty()) {
            return "a " + kind + " in a " + type_ + " block";
        }
        if (signed_) { return "a delta after the block's signature"; }
        signed_ = kind == "signature_delta";
        for (const DeltaRule& rule : delta_rules) {
            if (rule.type != kind) { continue; }
            const auto value = json_scan::member(delta->text, rule.member);
            if (!value || value->type != (rule.object ? Type::object : Type::string)) {
                return "a " + kind + " without " + std::string(rule.member);
            }
        }
        return {};
    }

    std::string block_stop(std::string_view data) {
        if (!open_) { return "content_block_stop outside a block"; }
        open_ = false;
        return check_index(data, next_++, "content_block_stop");
    }

    std::string change(std::string_view data) {
        if (open_) { return "message_delta inside a block"; }
        if (changed_) { return "a second message_delta"; }
        changed_ = true;
        const auto delta = json_scan::member(data, "delta");
        const std::string reason = delta ? word_at(delta->text, "stop_reason") : "";
        if (reason.empty()) { return "message_delta without a stop_reason"; }
        if (!json_scan::member(delta->text, "stop_sequence")) { return "message_delta without stop_sequence"; }
        const auto usage = json_scan::member(data, "usage");
        if (!usage || !has_count(usage->text, "output_tokens")) { return "message_delta without usage"; }
        if (reason == "tool_use" && !called_) { return "stop_reason tool_use without a tool_use block"; }
        // What cuts an answer short (max_tokens, a refusal, a pause) may do so in or after a call.
        const bool complete = reason == "end_turn" || reason == "stop_sequence";
        return complete && called_ ? "stop_reason " + reason + " with a tool_use block" : "";
    }

    std::string stop() {
        over_ = true;
        return changed_ ? "" : "message_stop without message_delta";
    }

    bool started_ = false;
    bool changed_ = false;
    bool over_ = false;
    bool open_ = false;
    bool signed_ = false;
    bool called_ = false;
    std::int64_t next_ = 0;
    std::string type_;
    const BlockRule* rule_ = nullptr;
    std::set<std::string> ids_;
};

}  // namespace

std::unique_ptr<StreamValidator> AnthropicCodec::stream_validator() const {
    return std::make_unique<MessageValidator>();
}

const AnthropicCodec& anthropic_codec() {
    static const AnthropicCodec codec;
    return codec;
}

}  // namespace llmgw::wire
