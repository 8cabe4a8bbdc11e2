// Reads an answer, streamed or whole: a whole one is a chunk that says everything.
#include <algorithm>
#include <map>

#include "core/dialect/whole_answer.hpp"
#include "core/util/json_valid.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/openai_chat/candidate_reader.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/dialects/openai_chat/openai_chat.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace chat {

namespace {

constexpr int candidates_max = 128;

struct ReasonWord {
    std::string_view word;
    answer::StopReason reason;
};
// An open set; what is not here is a plain end.
constexpr ReasonWord reason_words[] = {
    {"length", answer::StopReason::max_tokens},
    {"max_tokens", answer::StopReason::max_tokens},
    {"model_length", answer::StopReason::context_window},  // Mistral
    {"content_filter", answer::StopReason::content_filter},
};

struct Choice {
    explicit Choice(int index, bool think_tags) : reader(index, think_tags) {}

    CandidateReader reader;
    bool finished = false;
    std::string word;
    std::string stop_sequence;  // vLLM says which one
};

class AnswerReader final : public AnswerDecoder {
public:
    explicit AnswerReader(bool think_tags) : think_tags_(think_tags) {}

    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (sse.comment_only || ended_) { return; }
        if (sse.data.starts_with("[DONE]")) { return end(out); }
        if (is_json(sse.data)) { take(sse.data, out, sse.name == "error"); }
    }

    void finish(std::vector<AnswerEvent>& out) override {
        if (ended_) { return; }
        const bool stopped = std::ranges::any_of(choices_, [](const auto& one) { return one.second.finished; });
        if (stopped) { return end(out); }
        for (auto& [index, choice] : choices_) {
            choice.reader.release(out);
        }
        say_usage(out);
    }

    // A chunk or a whole body; false when it is not a JSON object. `is_error`: an event that is named so.
    bool take(std::string_view json, std::vector<AnswerEvent>& out, bool is_error = false) {
        Chunk chunk;
        chunk.flat_error = is_error;
        const bool whole = json_scan::each_member(json, [&](std::string_view key, const Value& value) {
            if (value.type != Type::null) { chunk.take(key, value); }
            return true;
        });
        if (!whole) { return false; }
        if (id_.empty()) { id_ = chunk.id; }
        if (model_.empty()) { model_ = chunk.model; }
        if (created_s_ == 0) { created_s_ = chunk.created_s; }
        if (!chunk.service_tier.empty()) { service_tier_ = chunk.service_tier; }
        if (!chunk.citations.empty()) { citations_ = chunk.citations; }
        if (!chunk.search_results.empty()) { search_results_ = chunk.search_results; }
        int position = 0;
        json_scan::each_element(chunk.choices, [&](const Value& value) {
            if (value.is_object()) { take_choice(value, position, chunk, out); }
            ++position;
            return true;
        });
        take_usage(chunk);
        if (chunk.error) {
            fail(read_error_value(*chunk.error), out);
        } else if (chunk.flat_error) {
            fail(read_error_body(json), out);
        } else if (chunk.stopped_by_error) {
            fail({"The provider ended the answer with finish_reason \"" + stop_word_ + "\" and no message.",
                  {stop_word_},
                  0,
                  {},
                  {}},
                 out);
        }
        return true;
    }

    void end(std::vector<AnswerEvent>& out) {
        if (ended_) { return; }
        begin(out);
        if (choices_.empty()) { choice_at(0); }
        for (auto& [index, choice] : choices_) {
            close(choice, out);
        }
        say_usage(out);
        for (const auto& [index, choice] : choices_) {
            out.emplace_back(finish_of(index, choice));
        }
        out.emplace_back(answer::End{});
        ended_ = true;
    }

    bool ended() const { return ended_; }
    bool has_choices() const { return !choices_.empty(); }

private:
    struct Chunk {
        std::string id;
        std::string model;
        std::int64_t created_s = 0;
        std::string service_tier;
        std::string_view choices;
        std::string_view usage;
        std::string_view timings;
        std::string_view citations;
        std::string_view search_results;
        std::optional<Value> error;
        bool flat_error = false;  // the object is the error: vLLM, Mistral
        bool stopped_by_error = false;

        void take(std::string_view key, const Value& value) {
            if (key == "choices" && value.is_array()) {
                choices = value.text;
            } else if (key == "id") {
                id = string_or_empty(value);
            } else if (key == "model") {
                model = string_or_empty(value);
            } else if (key == "created") {
                created_s = value.as_int().value_or(0);
            } else if (key == "usage" && value.is_object()) {
                usage = value.text;
            } else if (key == "x_groq") {
                take_groq(value);
            } else if (key == "timings" && value.is_object()) {
                timings = value.text;
            } else if (key == "service_tier") {
                service_tier = string_or_empty(value);
            } else if (key == "citations" && value.is_array()) {
                citations = value.text;
            } else if (key == "search_results" && value.is_array()) {
                search_results = value.text;
            } else if (key == "error" && is_present(value)) {
                error = value;
            } else if (key == "object" && value.text == "\"error\"") {
                flat_error = true;
            }
        }

        void take_groq(const Value& groq) {
            if (const auto said = json_scan::member(groq.text, "usage"); said && said->is_object() && usage.empty()) {
                usage = said->text;
            }
            if (const auto said = json_scan::member(groq.text, "error"); said && is_present(*said)) { error = *said; }
        }
    };

    // Azure's first chunk has neither id nor model nor a choice: the answer begins with its first choice.
    void begin(std::vector<AnswerEvent>& out) {
        if (std::exchange(begun_, true)) { return; }
        out.emplace_back(answer::Begin{id_, model_, created_s_});
    }

    Choice& choice_at(int index) { return choices_.try_emplace(index, index, think_tags_).first->second; }

    void take_choice(const Value& value, int position, Chunk& chunk, std::vector<AnswerEvent>& out) {
        begin(out);
        std::optional<Value> message;
        std::optional<Value> logprobs;
        std::optional<std::string> reason;
        std::string stop_sequence;
        std::int64_t index = position;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
            if (said.type == Type::null) { return true; }
            if (key == "index") { index = said.as_int().value_or(position); }
            if ((key == "delta" || key == "message") && said.is_object()) { message = said; }
            if (key == "logprobs" && said.is_object()) { logprobs = said; }
            if (key == "finish_reason" && is_present(said)) { reason = string_or_empty(said); }
            if (key == "stop_reason" && said.type == Type::string) { stop_sequence = string_or_empty(said); }
            if (key == "usage" && said.is_object() && chunk.usage.empty()) { chunk.usage = said.text; }  // Moonshot
            if (key == "error" && is_present(said)) { chunk.error = said; }
            return true;
        });
        if (index < 0 || index >= candidates_max) { return; }
        Choice& choice = choice_at(static_cast<int>(index));
        if (message) { choice.reader.take(*message, id_, out); }
        if (logprobs) { choice.reader.take_logprobs(*logprobs, out); }
        if (!reason) { return; }
        // DeepSeek's word for an answer it could not go on with; OpenRouter's "error" may come without one.
        if (*reason == "error" || *reason == "insufficient_system_resource") {
            chunk.stopped_by_error = true;
            stop_word_ = *reason;
        }
        choice.word = std::move(*reason);
        choice.stop_sequence = std::move(stop_sequence);
        choice.finished = true;
        close(choice, out);
    }

    void close(Choice& choice, std::vector<AnswerEvent>& out) {
        choice.reader.release(out);
        for (const auto& citation : sources()) {
            choice.reader.cite(citation, out);
        }
        choice.reader.close(out);
    }

    // Perplexity: addresses, and in newer answers also their titles.
    std::vector<part::Citation> sources() const {
        std::vector<part::Citation> found;
        const auto add = [&](std::string url, std::string title) {
            part::Citation citation;
            citation.origin = DialectId::openai_chat;
            citation.url = std::move(url);
            citation.title = std::move(title);
            if (!citation.url.empty()) { found.push_back(std::move(citation)); }
        };
        json_scan::each_element(search_results_, [&](const Value& result) {
            const auto url = json_scan::member(result.text, "url");
            const auto title = json_scan::member(result.text, "title");
            if (url) { add(string_or_empty(*url), title ? string_or_empty(*title) : std::string()); }
            return true;
        });
        if (!found.empty()) { return found; }
        json_scan::each_element(citations_, [&](const Value& url) {
            add(string_or_empty(url), {});
            return true;
        });
        return found;
    }

    void take_usage(const Chunk& chunk) {
        if (chunk.usage.empty() && (chunk.timings.empty() || usage_stated_)) { return; }
        usage_stated_ = usage_stated_ || !chunk.usage.empty();
        usage_ = chat_usage(chunk.usage, chunk.timings);
    }

    void say_usage(std::vector<AnswerEvent>& out) {
        if (!usage_ || !begun_) { return; }
        if (usage_->service_tier.empty()) { usage_->service_tier = service_tier_; }
        out.emplace_back(answer::UsageSeen{*std::exchange(usage_, std::nullopt)});
    }

    void fail(ErrorFacts facts, std::vector<AnswerEvent>& out) {
        say_usage(out);
        ApiError error = classify_error(0, std::move(facts));
        if (stop_word_ == "insufficient_system_resource") {
            error.error_class = ErrorClass::overloaded;
            error.status = default_status(error.error_class);
        }
        out.emplace_back(answer::Failed{std::move(error)});
        out.emplace_back(answer::End{});
        ended_ = true;
    }

    static answer::Finish finish_of(int index, const Choice& choice) {
        answer::Finish finish;
        finish.candidate = index;
        finish.word = choice.word;
        const auto row = std::ranges::find(reason_words, choice.word, &ReasonWord::word);
        if (row != std::end(reason_words)) {
            finish.reason = row->reason;
        } else if (choice.reader.called()) {
            finish.reason = answer::StopReason::tool_use;
        } else if (choice.reader.refused()) {
            finish.reason = answer::StopReason::refusal;
        } else if (!choice.stop_sequence.empty()) {
            finish.reason = answer::StopReason::stop_sequence;
            finish.stop_sequence = choice.stop_sequence;
        }
        return finish;
    }

    bool think_tags_;
    std::string id_;
    std::string model_;
    std::int64_t created_s_ = 0;
    std::string service_tier_;
    std::string citations_;
    std::string search_results_;
    std::string stop_word_;
    std::map<int, Choice> choices_;
    std::optional<Usage> usage_;
    bool usage_stated_ = false;  // not only timings
    bool begun_ = false;
    bool ended_ = false;
};

bool decode_whole(std::string_view body, bool think_tags, std::vector<AnswerEvent>& out) {
    AnswerReader reader(think_tags);
    std::vector<AnswerEvent> events;
    if (!is_json(body) || !reader.take(body, events)) { return false; }
    if (!reader.ended()) {
        if (!reader.has_choices()) { return false; }
        reader.end(events);
    }
    out.insert(out.end(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
    return true;
}

}  // namespace

}  // namespace chat

std::unique_ptr<AnswerDecoder> OpenAiChatCodec::answer_decoder() const {
    return std::make_unique<chat::AnswerReader>(false);
}

std::unique_ptr<AnswerDecoder> OpenAiChatCodec::answer_decoder_for(const TargetTraits& target) const {
    return std::make_unique<chat::AnswerReader>(target.think_tags);
}

bool OpenAiChatCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    return chat::decode_whole(body, false, out);
}

bool OpenAiChatCodec::decode_answer_for(const TargetTraits& target, std::string_view body,
                                        std::vector<AnswerEvent>& out) const {
    return chat::decode_whole(body, target.think_tags, out);
}

}  // namespace llmgw::wire
