// Writes a Messages stream. One block is open at a time, indices are dense, and a block is opened when it has something
// to say: a leading empty text block and a stop without its start cannot come out of this (T2).
#include <algorithm>
#include <utility>

#include "core/dialect/envelope.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/answer_words.hpp"
#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/anthropic/foreign_block.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire {

using answer::DeltaKind;
using answer::PartKind;

namespace {

bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

void put_event(std::string& out, std::string_view name, std::string_view data) {
    out.append("event: ").append(name).append("\ndata: ");
    const std::size_t from = out.size();
    out.append(data);
    // Blocks that are passed on as they were written may have line ends, which JSON has between its tokens only.
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), is_line_end, ' ');
    out.append("\n\n");
}

class StreamEncoder final : public AnswerEncoder {
public:
    StreamEncoder(const AnswerWishes& wishes, Drops& drops) : wishes_(wishes), drops_(drops) {
        if (wishes.request != nullptr) { names_ = ToolNames(wishes.request->tools); }
    }

    void encode(const AnswerEvent& event, std::string& out) override {
        if (over_) { return; }
        std::visit([&](const auto& each) { take(each, out); }, event);
    }

private:
    enum class Block { none, text, thinking, tool };

    void take(const answer::Begin& begin, std::string& out) { start(begin, out); }

    void take(const answer::PartBegin& begin, std::string& out) {
        if (begin.candidate != 0) { return drops_.note("n", "anthropic gives one answer"); }
        close(out);
        kind_ = begin.kind;
        switch (begin.kind) {
            case PartKind::tool_call: open_call(begin.call, out); break;
            case PartKind::foreign: write_foreign(begin.foreign, out); break;
            case PartKind::media: drops_.note("media in the answer", "anthropic's answers are text"); break;
            case PartKind::refusal: refused_ = true; break;
            case PartKind::text:
            case PartKind::reasoning: break;
        }
    }

    void take(const answer::Delta& delta, std::string& out) {
        if (delta.candidate != 0) { return; }
        switch (delta.kind) {
            case DeltaKind::logprobs: drops_.note("logprobs", "anthropic has none"); return;
            case DeltaKind::summary_break:
                if (block_ == Block::thinking) { put_delta("thinking_delta", "thinking", "\n\n", out); }
                return;
            case DeltaKind::summary:
            case DeltaKind::reasoning_text:
                if (delta.text.empty() || !wishes_.show_reasoning) { return; }
                open(Block::thinking, out);
                put_delta("thinking_delta", "thinking", delta.text, out);
                return;
            case DeltaKind::text: break;
        }
        if (delta.text.empty()) { return; }
        if (kind_ == PartKind::tool_call) {
            put_arguments(delta.text, out);
        } else if (kind_ == PartKind::text || kind_ == PartKind::refusal) {
            open(Block::text, out);
            put_delta("text_delta", "text", delta.text, out);
        }
    }

    void take(const answer::Cited& cited, std::string& out) {
        const JsonText citation = cited.candidate == 0 ? citation_json(cited.citation) : "";
        if (citation.empty()) { return drops_.note("citation", "it names no source anthropic could show"); }
        open(Block::text, out);
        JsonWriter writer;
        begin_delta(writer).member("type", "citations_delta").raw_member("citation", citation);
        put_event(out, "content_block_delta", writer.end_object().end_object().text());
    }

    void take(const answer::PartEnd& end, std::string& out) {
        if (end.candidate != 0) { return; }
        if (kind_ == PartKind::text || kind_ == PartKind::refusal) {
            const std::string behind = text_seal_field(end.sealed, block_ != Block::text);
            close(out);
            if (!behind.empty()) { put_sealed(behind, out); }
            return;
        }
        const std::string seal = seal_field(end.sealed);
        if (kind_ == PartKind::reasoning && end.redacted && block_ == Block::none && !seal.empty()) {
            JsonWriter writer;
            begin_block(writer, out).member("type", "redacted_thinking").member("data", seal);
            put_event(out, "content_block_start", writer.end_object().end_object().text());
            put_stop(out);
            return;
        }
        if (kind_ == PartKind::reasoning && !seal.empty()) { return put_sealed(seal, out); }
        close(out);
    }

    // Ends the open thinking block, or one made for it, with its signature.
    void put_sealed(std::string_view seal, std::string& out) {
        open(Block::thinking, out);
        put_delta("signature_delta", "signature", seal, out);
        close(out);
    }

    void take(const answer::UsageSeen& seen, std::string&) { usage_ = seen.usage; }

    void take(const answer::Finish& finish, std::string&) {
        if (finish.candidate == 0) { finish_ = finish; }
    }

    void take(const answer::Failed& failed, std::string& out) {
        out += Anthropic().encode_stream_error(failed.error, {});
        over_ = true;
    }

    void take(const answer::End&, std::string& out) {
        start({}, out);
        close(out);
        JsonWriter writer;
        writer.begin_object().member("type", "message_delta").key("delta").begin_object();
        write_stop(writer, finish_, called_, refused_);
        writer.end_object().key("usage");
        write_usage(writer, usage_);
        put_event(out, "message_delta", writer.end_object().text());
        put_event(out, "message_stop", R"({"type":"message_stop"})");
        over_ = true;
    }

    void start(const answer::Begin& begin, std::string& out) {
        if (std::exchange(started_, true)) { return; }
        JsonWriter writer;
        writer.begin_object().member("type", "message_start").key("message").begin_object();
        writer.member("id", message_id(begin.id, wishes_.call_id)).member("type", "message");
        writer.member("role", "assistant").member("model", begin.model.empty() ? wishes_.model : begin.model);
        writer.key("content").begin_array().end_array().key("stop_reason").null().key("stop_sequence").null();
        writer.key("usage");
        write_usage(writer, usage_);
        put_event(out, "message_start", writer.end_object().end_object().text());
    }

    JsonWriter& begin_block(JsonWriter& writer, std::string& out) {
        start({}, out);
        writer.begin_object().member("type", "content_block_start").member("index", index_);
        return writer.key("content_block").begin_object();
    }

    JsonWriter& begin_delta(JsonWriter& writer) const {
        writer.begin_object().member("type", "content_block_delta").member("index", index_);
        return writer.key("delta").begin_object();
    }

    void open(Block block, std::string& out) {
        if (block_ == block) { return; }
        close(out);
        block_ = block;
        JsonWriter writer;
        begin_block(writer, out);
        if (block == Block::text) {
            writer.member("type", "text").member("text", "");
        } else {
            writer.member("type", "thinking").member("thinking", "").member("signature", "");
        }
        put_event(out, "content_block_start", writer.end_object().end_object().text());
    }

    void open_call(const part::ToolCall& call, std::string& out) {
        called_ = true;
        block_ = Block::tool;
        custom_ = call.custom;
        const Tool* tool = names_.find(call.name);
        std::string id = call.id.empty() ? "toolu_" + wishes_.call_id + "_" + std::to_string(index_) : call.id;
        JsonWriter writer;
        begin_block(writer, out).member("type", "tool_use").member("id", sealed_id(id, call.sealed));
        writer.member("name", tool != nullptr ? tool->name : call.name);
        writer.key("input").begin_object().end_object();
        put_event(out, "content_block_start", writer.end_object().end_object().text());
        if (custom_) { put_delta("input_json_delta", "partial_json", R"({"input":")", out); }
    }

    static std::string sealed_id(const std::string& id, const Sealed& sealed) {
        return sealed.origin == DialectId::anthropic ? id : wrap_call_id(id, sealed);
    }

    void put_arguments(std::string_view text, std::string& out) {
        if (!custom_) { return put_delta("input_json_delta", "partial_json", text, out); }
        const std::string quoted = json_scan::quote(text);
        put_delta("input_json_delta", "partial_json", std::string_view(quoted).substr(1, quoted.size() - 2), out);
    }

    void put_delta(std::string_view type, std::string_view field, std::string_view text, std::string& out) const {
        out.append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        out.append(std::to_string(index_)).append(",\"delta\":{\"type\":\"").append(type).append("\",\"");
        out.append(field).append("\":").append(json_scan::quote(text)).append("}}\n\n");
    }

    void write_foreign(const part::Foreign& foreign, std::string& out) {
        if (foreign.origin != DialectId::anthropic) {
            return drops_.note(foreign.type + " in the answer", "anthropic has no such item");
        }
        const ForeignBlock split = split_foreign(foreign.raw);
        JsonWriter writer;
        start({}, out);
        writer.begin_object().member("type", "content_block_start").member("index", index_);
        writer.raw_member("content_block", split.start).end_object();
        put_event(out, "content_block_start", writer.text());
        if (!split.input.empty()) { put_delta("input_json_delta", "partial_json", split.input, out); }
        put_stop(out);
    }

    void close(std::string& out) {
        if (block_ == Block::none) { return; }
        if (block_ == Block::tool && custom_) { put_delta("input_json_delta", "partial_json", "\"}", out); }
        put_stop(out);
    }

    void put_stop(std::string& out) {
        JsonWriter writer;
        writer.begin_object().member("type", "content_block_stop").member("index", index_++).end_object();
        put_event(out, "content_block_stop", writer.text());
        block_ = Block::none;
        custom_ = false;
    }

    AnswerWishes wishes_;
    Drops& drops_;
    ToolNames names_;
    PartKind kind_ = PartKind::text;
    Block block_ = Block::none;
    std::int64_t index_ = 0;
    bool started_ = false;
    bool over_ = false;
    bool custom_ = false;
    bool called_ = false;
    bool refused_ = false;
    Usage usage_;
    answer::Finish finish_;
};

}  // namespace

std::unique_ptr<AnswerEncoder> AnthropicCodec::answer_encoder(const AnswerWishes& wishes, Drops& drops) const {
    return std::make_unique<StreamEncoder>(wishes, drops);
}

}  // namespace llmgw::wire
