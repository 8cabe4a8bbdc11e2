// Writes a request of /api/chat: everything but its messages and tools.
#include <algorithm>
#include <charconv>

#include "core/model/reasoning_effort.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/ollama_chat/codec.hpp"
#include "providers/dialects/ollama_chat/model_facts.hpp"
#include "providers/dialects/ollama_chat/request_write.hpp"

namespace llmgw::wire {

namespace ollama {

namespace {

constexpr const char* no_setting = "ollama-chat has no such setting";

// "" when the client said nothing about how much.
std::string effort_of(const ReasoningWish& wish) {
    if (!wish.effort.empty()) { return wish.effort; }
    if (wish.enabled && !*wish.enabled) { return "none"; }
    if (wish.budget_tokens && *wish.budget_tokens >= 0) { return std::string(effort_for(*wish.budget_tokens)); }
    return {};
}

// In gpt-oss's three words.
std::string_view level_of(std::string_view effort) {
    if (effort == "none" || effort == "minimal" || effort == "low") { return "low"; }
    return effort == "medium" ? "medium" : "high";
}

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const TargetTraits& target, Drops& drops)
        : request_(request), target_(target), writing_{request, target, drops, ToolNames(request.tools), {}} {}

    std::string write() {
        JsonWriter tools;
        write_tools(writing_, tools);
        JsonWriter format;
        write_format(format);  // either may leave instructions for the messages
        writer_.begin_object().member("model", target_.model.empty() ? request_.model : target_.model);
        writer_.key("messages");
        write_messages(writing_, writer_);
        writer_.raw_member_if("tools", tools.text());
        writer_.raw_member_if("format", format.text());
        write_think(writing_, writer_);
        write_options();
        write_logprobs();
        write_keep_alive();
        // A prompt that is too long would lose its beginning without a word, and one that an answer fills up half of
        // the context: so it is an error, and the answer ends with "length".
        writer_.member("truncate", false).member("shift", false);
        writer_.member("stream", request_.stream);  // it streams unasked
        note_lost();
        return writer_.end_object().take();
    }

private:
    void write_format(JsonWriter& out) {
        const AnswerFormat& format = request_.format;
        if (format.kind == FormatKind::json_schema && !format.schema.empty()) {
            out.raw(format.schema);
        } else if (format.kind == FormatKind::json_object || format.kind == FormatKind::json_schema) {
            out.string("json");
            // Unless it is told, a model may write white space without end.
            if (!mentions_json()) { writing_.instructions.emplace_back("Answer with one JSON object."); }
        }
    }

    bool mentions_json() const {
        return std::ranges::any_of(request_.messages, [](const Message& message) {
            return std::ranges::any_of(message.parts, [](const Part& part) {
                const auto* text = std::get_if<part::Text>(&part);
                return text != nullptr && lower(text->text).find("json") != std::string::npos;
            });
        });
    }

    void write_options() {
        const Sampling& sampling = request_.sampling;
        JsonWriter options;
        options.begin_object();
        if (target_.num_ctx > 0) { options.member("num_ctx", target_.num_ctx); }
        // 0 would mean no answer here, and there that nothing was said.
        if (request_.max_tokens.value_or(0) > 0) { options.member("num_predict", *request_.max_tokens); }
        options.raw_member_if("temperature", sampling.temperature).raw_member_if("top_p", sampling.top_p);
        options.raw_member_if("top_k", sampling.top_k).raw_member_if("seed", sampling.seed);
        options.raw_member_if("presence_penalty", sampling.presence_penalty);
        options.raw_member_if("frequency_penalty", sampling.frequency_penalty);
        if (!sampling.stop.empty()) {
            options.key("stop").begin_array();
            for (const auto& stop : sampling.stop) {
                options.string(stop);
            }
            options.end_array();
        }
        options.end_object();
        if (options.text() != "{}") { writer_.raw_member("options", options.text()); }
    }

    void write_logprobs() {
        const Sampling& sampling = request_.sampling;
        if (!sampling.logprobs.value_or(false)) { return; }
        writer_.member("logprobs", true).raw_member_if("top_logprobs", sampling.top_logprobs);
    }

    // A number alone is seconds, and as a string it would be refused.
    void write_keep_alive() {
        const std::string& text = target_.keep_alive;
        if (text.empty()) { return; }
        std::int64_t seconds = 0;
        const auto* end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, seconds);
        if (read.ec == std::errc{} && read.ptr == end) {
            writer_.member("keep_alive", seconds);
        } else {
            writer_.member("keep_alive", text);
        }
    }

    void note_lost() {
        const auto note = [&](Field field, bool said) {
            if (said) { writing_.note(field, no_setting); }
        };
        const Sampling& sampling = request_.sampling;
        const auto& tier = request_.service_tier;
        note(Field::logit_bias, !sampling.logit_bias.empty());
        note(Field::candidates, sampling.candidates.value_or(1) > 1);
        note(Field::verbosity, !request_.verbosity.empty());
        note(Field::user, !request_.user_id.empty());
        note(Field::metadata, !request_.metadata.empty());
        note(Field::service_tier, !tier.empty() && tier != "auto" && tier != "default" && tier != "standard_only");
        note(Field::prompt_cache_key, !request_.prompt_cache_key.empty());
        note(Field::store, request_.store.value_or(false));
        if (request_.cache_all) { writing_.drops.note("cache_control", "Ollama caches prompts by itself"); }
        for (const auto& extra : request_.extras) {
            writing_.drops.note(extra.first, "ollama-chat has no such member");
        }
    }

    const ChatRequest& request_;
    const TargetTraits& target_;
    Writing writing_;
    JsonWriter writer_;
};

}  // namespace

void write_think(Writing& writing, JsonWriter& writer) {
    const ReasoningWish& wish = writing.request.reasoning;
    const auto effort = effort_of(wish);
    const bool off = effort == "none";
    const bool on = !off && (!effort.empty() || wish.enabled.value_or(false) || wish.adaptive || wish.budget_tokens);
    switch (think_switch(writing.target.model)) {
        case ThinkSwitch::levels:
            if (off) { writing.note(Field::reasoning, "this model thinks always; it is told to do so little"); }
            if (!effort.empty()) { writer.member("think", level_of(effort)); }
            return;
        case ThinkSwitch::on_off:
            if (on || off) { writer.member("think", on); }
            if (on && !effort.empty()) { writing.note(Field::reasoning, "this model has a switch for it, no levels"); }
            return;
        case ThinkSwitch::unknown:
            if (off) { writer.member("think", false); }
            if (on && !effort.empty()) {
                writing.note(Field::reasoning, "a model that cannot think would refuse it; others do so by themselves");
            }
            return;
    }
}

}  // namespace ollama

Result<EncodedRequest> OllamaChatCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                       Drops& drops) const {
    if (!request.previous_response_id.empty()) {
        return fail(ErrorKind::bad_request,
                    "previous_response_id: ollama-chat keeps no conversations. Send the whole input instead.");
    }
    if (request.messages.empty()) { return fail(ErrorKind::bad_request, "messages: at least one is needed"); }
    return EncodedRequest{ollama::RequestWriter(request, target, drops).write()};
}

}  // namespace llmgw::wire
