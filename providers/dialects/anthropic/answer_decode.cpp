// Reads Messages answers, streamed and whole.
#include <optional>
#include <utility>

#include "core/dialect/envelope.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/anthropic/answer_words.hpp"
#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/anthropic/block_decode.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/anthropic/foreign_block.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire {

using answer::DeltaKind;
using answer::PartKind;
using json_scan::Type;
using json_scan::Value;

namespace {

constexpr int overloaded_status = 529;

std::string member_text(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? string_or_empty(*value) : "";
}

// What the top of a message says, in a whole answer and in message_start alike.
struct Head {
    answer::Begin begin;
    std::string_view content;  // the array, "" for none
    std::string_view usage;    // the object, "" for none
    answer::Finish finish;
    bool finished = false;
};

void read_finish(std::string_view key, const Value& value, answer::Finish& finish, bool& finished) {
    if (key == "stop_reason" && value.type == Type::string) {
        finish.word = string_or_empty(value);
        finish.reason = stop_reason_of(finish.word);
        finished = true;
    }
    if (key == "stop_sequence" && value.type == Type::string) { finish.stop_sequence = string_or_empty(value); }
    if (key == "stop_details" && value.is_object()) { finish.message = explanation_in(value.text); }
}

Head read_head(std::string_view message) {
    Head head;
    json_scan::each_member(message, [&](std::string_view key, const Value& value) {
        if (key == "id") { head.begin.id = string_or_empty(value); }
        if (key == "model") { head.begin.model = string_or_empty(value); }
        if (key == "content" && value.is_array()) { head.content = value.text; }
        if (key == "usage" && value.is_object()) { head.usage = value.text; }
        read_finish(key, value, head.finish, head.finished);
        return true;
    });
    return head;
}

// Says parts by the blocks that hold them.
class BlockReader {
public:
    explicit BlockReader(std::vector<AnswerEvent>& out) : out_(&out) {}
    void say_to(std::vector<AnswerEvent>& out) { out_ = &out; }

    bool is_open() const { return open_.has_value(); }
    bool said_anything() const { return said_; }
    bool called() const { return called_; }

    void start(std::string_view block) {
        stop();
        const std::string type = member_text(block, "type");
        if (type == "text") {
            begin(PartKind::text);
            delta(DeltaKind::text, member_text(block, "text"));
            if (const auto citations = json_scan::member(block, "citations"); citations && citations->is_array()) {
                json_scan::each_element(citations->text, [&](const Value& citation) {
                    cite(citation);
                    return true;
                });
            }
        } else if (type == "thinking" || type == "redacted_thinking") {
            begin(PartKind::reasoning);
            delta(DeltaKind::summary, member_text(block, "thinking"));
            redacted_ = type == "redacted_thinking";
            sealed_ = member_text(block, redacted_ ? "data" : "signature");
        } else if (type == "tool_use" && !member_text(block, "name").empty()) {
            start_call(block);
        } else if (!type.empty()) {
            open_ = PartKind::foreign;
            foreign_ = std::string(block);
            foreign_type_ = type;
        }
    }

    void take_delta(std::string_view delta_json) {
        const std::string type = member_text(delta_json, "type");
        if (type == "text_delta") {
            reopen(PartKind::text);
            delta(DeltaKind::text, member_text(delta_json, "text"));
        } else if (type == "thinking_delta") {
            reopen(PartKind::reasoning);
            delta(DeltaKind::summary, member_text(delta_json, "thinking"));
        } else if (type == "input_json_delta") {
            take_input(member_text(delta_json, "partial_json"));
        } else if (type == "signature_delta") {
            if (open_ == PartKind::reasoning) { sealed_ = member_text(delta_json, "signature"); }
        } else if (type == "citations_delta") {
            if (const auto citation = json_scan::member(delta_json, "citation")) { cite(*citation); }
        } else if (type == "compaction_delta" && open_ == PartKind::foreign) {
            if (const auto content = json_scan::member(delta_json, "content")) {
                foreign_ = with_member(foreign_, "content", content->text);
            }
        }
    }

    void stop() {
        if (!open_) { return; }
        if (open_ == PartKind::tool_call) { delta(DeltaKind::text, std::exchange(input_, {})); }
        if (open_ == PartKind::foreign) {
            if (is_json(input_)) { foreign_ = with_member(foreign_, "input", input_); }
            answer::PartBegin part;
            part.kind = PartKind::foreign;
            part.foreign = {DialectId::anthropic, foreign_type_, std::exchange(foreign_, {}), {}};
            out_->emplace_back(std::move(part));
            said_ = true;
        }
        answer::PartEnd end;
        end.redacted = redacted_;
        end.sealed.data = std::exchange(sealed_, {});
        out_->emplace_back(std::move(end));
        open_.reset();
        redacted_ = false;
        input_.clear();
    }

private:
    void begin(PartKind kind) {
        answer::PartBegin part;
        part.kind = kind;
        begin(std::move(part));
    }

    void begin(answer::PartBegin part) {
        open_ = part.kind;
        said_ = true;
        out_->emplace_back(std::move(part));
    }

    void start_call(std::string_view block) {
        answer::PartBegin part;
        part.kind = PartKind::tool_call;
        auto id = member_text(block, "id");
        if (id.empty()) { id = "toolu_" + sha256_hex(block).substr(0, 24); }
        part.call.id = ids_.take(std::move(id));
        part.call.name = member_text(block, "name");
        begin(std::move(part));
        called_ = true;
        // Some servers give the whole input here. It counts when no delta follows.
        const auto input = json_scan::member(block, "input");
        if (input && input->is_object() && input->text != "{}") { input_ = std::string(input->text); }
    }

    void take_input(std::string piece) {
        if (open_ == PartKind::foreign) {
            input_ += piece;
        } else if (open_ == PartKind::tool_call && !piece.empty()) {
            input_.clear();
            delta(DeltaKind::text, std::move(piece));
        }
    }

    // Some servers put thinking into a text's block, or the other way round: that is another part.
    void reopen(PartKind kind) {
        if (open_ == kind) { return; }
        stop();
        begin(kind);
    }

    void delta(DeltaKind kind, std::string text) {
        if (!text.empty()) { out_->emplace_back(answer::Delta{kind, 0, std::move(text), {}}); }
    }

    void cite(const Value& citation) {
        if (open_ != PartKind::text || !citation.is_object()) { return; }
        out_->emplace_back(answer::Cited{0, decode_citation(citation.text)});
    }

    std::vector<AnswerEvent>* out_;
    std::optional<PartKind> open_;
    std::string input_;  // a call's, as content_block_start gave it; a foreign block's, as it comes
    std::string sealed_;
    std::string foreign_;
    std::string foreign_type_;
    UniqueIds ids_;
    bool redacted_ = false;
    bool said_ = false;
    bool called_ = false;
};

void read_content(BlockReader& blocks, std::string_view content) {
    json_scan::each_element(content, [&](const Value& block) {
        if (block.is_object()) { blocks.start(block.text); }
        return true;
    });
    blocks.stop();
}

class MessageDecoder final : public AnswerDecoder {
public:
    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (sse.comment_only || ended_ || !is_json(sse.data)) { return; }
        blocks_.say_to(out);
        std::string type(sse.name);
        if (type.empty()) { type = member_text(sse.data, "type"); }
        if (type == "content_block_delta") {
            if (!begun_) { return; }
            if (const auto delta = json_scan::member(sse.data, "delta")) { blocks_.take_delta(delta->text); }
        } else if (type == "content_block_start") {
            begin(out);
            if (const auto block = json_scan::member(sse.data, "content_block")) { blocks_.start(block->text); }
        } else if (type == "content_block_stop") {
            blocks_.stop();
        } else if (type == "message_start") {
            start(sse.data, out);
        } else if (type == "message_delta") {
            change(sse.data, out);
        } else if (type == "message_stop") {
            end(out);
        } else if (type == "error") {
            fail(sse.data, out);
        }
    }

    // Without message_stop the stream was cut: nothing to add.
    void finish(std::vector<AnswerEvent>&) override {}

private:
    void begin(std::vector<AnswerEvent>& out) {
        if (!std::exchange(begun_, true)) { out.emplace_back(answer::Begin{}); }
    }

    // A second message_start comes from an upstream that started over. Before anything was said that is harmless;
    // after it, one answer would be spliced onto another (T11).
    void start(std::string_view data, std::vector<AnswerEvent>& out) {
        const auto message = json_scan::member(data, "message");
        if (!message || !message->is_object()) { return; }
        if (blocks_.said_anything() || blocks_.is_open()) {
            return say_failed(
                {502, ErrorClass::server, "the upstream began its answer anew in the middle of it", {}, {}}, out);
        }
        const Head head = read_head(message->text);
        if (!std::exchange(begun_, true)) { out.emplace_back(head.begin); }
        usage_ = {};
        if (!head.usage.empty()) { see_usage(head.usage, out); }
        finish_ = head.finish;
        finished_ = head.finished;
        read_content(blocks_, head.content);
    }

    void see_usage(std::string_view json, std::vector<AnswerEvent>& out) {
        usage_.merge(json);
        if (usage_.seen()) { out.emplace_back(answer::UsageSeen{usage_.result()}); }
    }

    void change(std::string_view data, std::vector<AnswerEvent>& out) {
        begin(out);
        json_scan::each_member(data, [&](std::string_view key, const Value& value) {
            if (key == "delta" && value.is_object()) {
                json_scan::each_member(value.text, [&](std::string_view inner, const Value& said) {
                    read_finish(inner, said, finish_, finished_);
                    return true;
                });
            }
            if (key == "usage" && value.is_object()) { see_usage(value.text, out); }
            return true;
        });
    }

    void end(std::vector<AnswerEvent>& out) {
        begin(out);
        blocks_.stop();
        if (!finished_) { finish_.reason = blocks_.called() ? answer::StopReason::tool_use : finish_.reason; }
        out.emplace_back(finish_);
        out.emplace_back(answer::End{});
        ended_ = true;
    }

    void fail(std::string_view data, std::vector<AnswerEvent>& out) {
        const auto error = json_scan::member(data, "error");
        if (!error) { return; }
        ApiError read = error_inside(*error);
        if (read.error_class == ErrorClass::overloaded) { read.status = overloaded_status; }
        say_failed(std::move(read), out);
    }

    void say_failed(ApiError error, std::vector<AnswerEvent>& out) {
        out.emplace_back(answer::Failed{std::move(error)});
        out.emplace_back(answer::End{});
        ended_ = true;
    }

    std::vector<AnswerEvent> nowhere_;
    BlockReader blocks_{nowhere_};
    AnthropicUsage usage_;
    answer::Finish finish_;
    bool begun_ = false;
    bool finished_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<AnswerDecoder> AnthropicCodec::answer_decoder() const {
    return std::make_unique<MessageDecoder>();
}

bool AnthropicCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    if (!is_json(body)) { return false; }
    const Head head = read_head(body);
    if (head.content.empty() || member_text(body, "type") == "error") { return false; }
    out.emplace_back(head.begin);
    BlockReader blocks(out);
    read_content(blocks, head.content);
    if (!head.usage.empty()) {
        AnthropicUsage usage;
        usage.merge(head.usage);
        if (usage.seen()) { out.emplace_back(answer::UsageSeen{usage.result()}); }
    }
    answer::Finish finish = head.finish;
    if (!head.finished && blocks.called()) { finish.reason = answer::StopReason::tool_use; }
    out.emplace_back(std::move(finish));
    out.emplace_back(answer::End{});
    return true;
}

}  // namespace llmgw::wire
