// Reads Ollama's answers, streamed and whole: a whole one is a line that says everything.
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/util/json_valid.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/gemini/times.hpp"
#include "providers/dialects/ollama_chat/codec.hpp"
#include "providers/dialects/ollama_chat/line.hpp"
#include "providers/dialects/ollama_chat/ollama_chat.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire {

using answer::DeltaKind;
using answer::PartKind;
using answer::StopReason;
using json_scan::Value;

namespace {

std::string text_or_empty(const std::optional<Value>& value) {
    return value ? string_or_empty(*value) : std::string();
}

class OllamaDecoder final : public AnswerDecoder {
public:
    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (!sse.comment_only) { take(sse.data, out); }
    }

    // Without its last line an answer was cut.
    void finish(std::vector<AnswerEvent>&) override {}

    // False when it is no line of an answer, or comes behind the last one.
    bool take(std::string_view json, std::vector<AnswerEvent>& out) {
        if (ended_ || !is_json(json)) { return false; }
        const auto line = ollama::read_line(json);
        if (!line || (!line->error && !line->answers)) { return false; }
        begin(*line, out);
        if (line->error) {
            out.emplace_back(answer::Failed{error_inside(*line->error)});
            return end(out);
        }
        say(PartKind::reasoning, text_or_empty(line->thinking), out);
        say(PartKind::text, text_or_empty(line->content), out);
        say_logprobs(*line, out);
        if (line->tool_calls) {
            json_scan::each_element(line->tool_calls->text, [&](const Value& call) {
                if (call.is_object()) { say_call(call, out); }
                return true;
            });
        }
        if (!line->done) { return true; }
        close(out);
        static const OllamaChat dialect;
        if (auto usage = dialect.decode_usage(json); ollama::counts_something(usage)) {
            out.emplace_back(answer::UsageSeen{std::move(usage)});
        }
        out.emplace_back(finish_of(text_or_empty(line->done_reason)));
        return end(out);
    }

    bool ended() const { return ended_; }

private:
    void begin(const ollama::Line& line, std::vector<AnswerEvent>& out) {
        if (std::exchange(begun_, true)) { return; }
        answer::Begin begin;
        begin.model = text_or_empty(line.model);
        created_at_ = text_or_empty(line.created_at);
        begin.created_s = gemini::seconds_of(created_at_);
        out.emplace_back(std::move(begin));
    }

    bool end(std::vector<AnswerEvent>& out) {
        out.emplace_back(answer::End{});
        ended_ = true;
        return true;
    }

    void say(PartKind kind, std::string text, std::vector<AnswerEvent>& out) {
        if (text.empty()) { return; }
        if (open_ != kind) {
            close(out);
            answer::PartBegin part;
            part.kind = kind;
            out.emplace_back(std::move(part));
            open_ = kind;
        }
        const auto delta = kind == PartKind::reasoning ? DeltaKind::reasoning_text : DeltaKind::text;
        out.emplace_back(answer::Delta{delta, 0, std::move(text), {}});
    }

    // The elements are those of openai-chat; those of thoughts and calls have no place there.
    void say_logprobs(const ollama::Line& line, std::vector<AnswerEvent>& out) {
        if (!line.logprobs || open_ != PartKind::text || !line.logprobs->is_array()) { return; }
        if (line.logprobs->text.find('{') == std::string_view::npos) { return; }
        auto raw = fmt::format(R"({{"content":{},"refusal":null}})", line.logprobs->text);
        out.emplace_back(answer::Delta{DeltaKind::logprobs, 0, {}, std::move(raw)});
    }

    void say_call(const Value& value, std::vector<AnswerEvent>& out) {
        const auto function = json_scan::member(value.text, "function");
        if (!function || !function->is_object()) { return; }
        answer::PartBegin part;
        part.kind = PartKind::tool_call;
        part.call.name = text_or_empty(json_scan::member(function->text, "name"));
        // Nobody can be called by no name.
        if (part.call.name.empty()) { return; }
        part.call.id = ids_.take(id_of(value, part.call.name));
        close(out);
        out.emplace_back(std::move(part));
        const auto arguments = json_scan::member(function->text, "arguments");
        // Servers that imitate Ollama write them as a string.
        auto text = text_or_empty(arguments);
        if (arguments && arguments->is_object()) { text = arguments->text; }
        if (!text.empty() && text != "{}") { out.emplace_back(answer::Delta{DeltaKind::text, 0, std::move(text), {}}); }
        out.emplace_back(answer::PartEnd{});
        ++calls_;
    }

    // Older servers give none. Those of another answer differ by its time.
    std::string id_of(const Value& call, const std::string& name) const {
        auto id = text_or_empty(json_scan::member(call.text, "id"));
        if (!id.empty()) { return id; }
        const auto what = fmt::format("{}\n{}\n{}\n{}", created_at_, calls_, name, call.text);
        return fmt::format("call_{}_{}", calls_ + 1, sha256_hex(what).substr(0, 12));
    }

    void close(std::vector<AnswerEvent>& out) {
        if (!std::exchange(open_, std::nullopt)) { return; }
        out.emplace_back(answer::PartEnd{});
    }

    // "stop" also for calls, "load" for a model that was only loaded; older servers say nothing.
    answer::Finish finish_of(std::string word) const {
        answer::Finish finish;
        finish.reason = calls_ > 0 ? StopReason::tool_use : StopReason::end_turn;
        if (word == "length") { finish.reason = StopReason::max_tokens; }
        finish.word = std::move(word);
        return finish;
    }

    std::optional<PartKind> open_;
    UniqueIds ids_;
    std::string created_at_;
    std::size_t calls_ = 0;
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<AnswerDecoder> OllamaChatCodec::answer_decoder() const {
    return std::make_unique<OllamaDecoder>();
}

bool OllamaChatCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    OllamaDecoder decoder;
    return decoder.take(body, out) && decoder.ended();
}

const OllamaChatCodec& ollama_chat_codec() {
    static const OllamaChatCodec codec;
    return codec;
}

}  // namespace llmgw::wire
