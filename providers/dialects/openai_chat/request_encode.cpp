// Writes a Chat Completions request for a provider: everything but its messages and tools.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/util/sha256.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire {

namespace chat {

namespace {

constexpr std::size_t stops_max = 4;
constexpr std::size_t user_bytes_max = 64;

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const TargetTraits& target, Drops& drops)
        : request_(request),
          target_(target),
          drops_(drops),
          writing_{request, target, drops, model_family(target.model), ToolNames(request.tools), {}, {}} {}

    std::string write() {
        writer_.begin_object().member("model", target_.model.empty() ? request_.model : target_.model);
        JsonWriter format;
        write_format(format);  // may leave an instruction for the messages
        writer_.key("messages");
        write_messages(writing_, writer_);
        write_tools(writing_, writer_);
        write_max_tokens();
        write_sampling();
        write_reasoning(writing_, writer_);
        writer_.raw_member_if("response_format", format.text());
        write_accounting();
        if (request_.stream) { write_stream(); }
        write_extras();
        return writer_.end_object().take();
    }

private:
    bool own() const { return writing_.own(); }

    void drop(std::string_view name, std::string reason) { note_setting(writing_, name, std::move(reason)); }

    void write_max_tokens() {
        if (!request_.max_tokens) { return; }
        std::int64_t tokens = *request_.max_tokens;
        const std::int64_t most = output_tokens_max(target_.model);
        if (!own() && most > 0 && tokens > most) {
            tokens = most;
            drop("max_tokens", fmt::format("this model gives at most {}", most));
        }
        writer_.member(target_.max_tokens_field, tokens);
    }

    // Effort other than none makes OpenAI's reasoning models refuse sampling parameters.
    bool samples() const { return own() || writing_.family != ModelFamily::reasoning; }

    void number(std::string_view name, const JsonText& value) {
        if (value.empty()) { return; }
        if (samples()) {
            writer_.raw_member(name, value);
        } else {
            drop(name, "reasoning models of OpenAI refuse it");
        }
    }

    void write_sampling() {
        const Sampling& sampling = request_.sampling;
        number("temperature", sampling.temperature);
        number("top_p", sampling.top_p);
        if (own()) {
            writer_.raw_member_if("top_k", sampling.top_k);
        } else if (!sampling.top_k.empty()) {
            drop("top_k", "openai-chat has no such parameter");
        }
        writer_.raw_member_if("seed", sampling.seed);
        number("presence_penalty", sampling.presence_penalty);
        number("frequency_penalty", sampling.frequency_penalty);
        if (sampling.logprobs) { number("logprobs", *sampling.logprobs ? "true" : "false"); }
        number("top_logprobs", sampling.top_logprobs);
        number("logit_bias", sampling.logit_bias);
        if (sampling.candidates) { writer_.member("n", *sampling.candidates); }
        write_stop();
    }

    void write_stop() {
        const auto& stop = request_.sampling.stop;
        if (stop.empty()) { return; }
        if (!samples()) { return drop("stop", "reasoning models of OpenAI refuse it"); }
        const std::size_t count = own() ? stop.size() : std::min(stop.size(), stops_max);
        if (count < stop.size()) { drop("stop", "openai-chat takes four of them"); }
        writer_.key("stop").begin_array();
        for (std::size_t i = 0; i < count; ++i) {
            writer_.string(stop[i]);
        }
        writer_.end_array();
    }

    void write_format(JsonWriter& out) {
        const AnswerFormat& format = request_.format;
        if (format.kind == FormatKind::unset || (format.kind == FormatKind::text && !own())) { return; }
        if (format.kind == FormatKind::json_schema && (target_.strict_schema || own())) {
            out.begin_object().member("type", "json_schema").key("json_schema").begin_object();
            out.member("name", format.name.empty() ? std::string("answer") : schema_name());
            out.member_if("description", format.description).raw_member_if("schema", format.schema);
            if (format.strict) { out.member("strict", *format.strict); }
            out.end_object().end_object();
            return;
        }
        if (format.kind == FormatKind::text) {
            out.begin_object().member("type", "text").end_object();
            return;
        }
        out.begin_object().member("type", "json_object").end_object();
        if (format.kind == FormatKind::json_schema) {
            writing_.instruction = "Answer with one JSON value that follows this JSON Schema:\n" + format.schema;
            drop("response_format", "the schema is said to the model, not enforced");
        } else if (!own() && !mentions_json()) {
            // OpenAI refuses this format where no message says the word.
            writing_.instruction = "Answer with one JSON object.";
        }
    }

    std::string schema_name() const { return own() ? request_.format.name : flat_tool_name({}, request_.format.name); }

    bool mentions_json() const {
        return std::ranges::any_of(request_.messages, [](const Message& message) {
            return std::ranges::any_of(message.parts, [](const Part& part) {
                const auto* text = std::get_if<part::Text>(&part);
                return text != nullptr && lower(text->text).find("json") != std::string::npos;
            });
        });
    }

    void write_accounting() {
        write_verbosity();
        if (!request_.user_id.empty()) {
            // OpenAI refuses longer ones; Claude Code's is longer.
            const std::string& id = request_.user_id;
            if (known("metadata.user_id")) { writer_.member("user", id.size() > user_bytes_max ? sha256_hex(id) : id); }
        }
        if (!request_.prompt_cache_key.empty() && known("prompt_cache_key")) {
            writer_.member("prompt_cache_key", request_.prompt_cache_key);
        }
        write_tier();
        if (request_.cache_all) {
            if (own()) {
                write_cache_mark(writing_, request_.cache_all, writer_);
            } else if (target_.cache_marks.empty()) {
                note_lost_mark(writing_);
            }
        }
        if (own()) {
            if (request_.store) { writer_.member("store", *request_.store); }
            write_metadata();
            return;
        }
        if (request_.store.value_or(false)) { drops_.note("store", "answers are not stored at this provider"); }
        if (!request_.metadata.empty()) { drops_.note("metadata", "openai-chat takes it for stored answers only"); }
    }

    // One of OpenAI's own parameters, which other hosts may refuse.
    bool known(std::string_view name) {
        if (own() || target_.openai_parameters) { return true; }
        drops_.note(std::string(name), "this provider has no such parameter");
        return false;
    }

    void write_verbosity() {
        if (request_.verbosity.empty() || !known("verbosity")) { return; }
        if (writing_.family == ModelFamily::reasoning || own()) {
            writer_.member("verbosity", request_.verbosity);
        } else {
            drops_.note("verbosity", "this model does not take it");
        }
    }

    void write_tier() {
        const std::string& tier = request_.service_tier;
        if (tier.empty()) { return; }
        if (own()) {
            writer_.member("service_tier", tier);
        } else if ((tier == "flex" || tier == "priority" || tier == "default") && known("service_tier")) {
            writer_.member("service_tier", tier);
        } else if (tier == "standard_only" && target_.openai_parameters) {
            writer_.member("service_tier", "default");
        } else if (tier != "auto" && tier != "standard_only" && target_.openai_parameters) {
            drops_.note("service_tier", fmt::format("openai-chat has no tier \"{}\"", tier));
        }
    }

    void write_metadata() {
        if (request_.metadata.empty()) { return; }
        writer_.key("metadata").begin_object();
        for (const auto& [key, value] : request_.metadata) {
            writer_.member(key, value);
        }
        writer_.end_object();
    }

    void write_stream() {
        writer_.member("stream", true);
        if (!target_.stream_options) { return; }
        writer_.key("stream_options").begin_object().member("include_usage", true);
        write_inner_extras(writing_, "stream_options.", writer_);
        writer_.end_object();
    }

    void write_extras() {
        for (const auto& [path, json] : request_.extras) {
            if (!own()) {
                drops_.note(path, "openai-chat has no such parameter");
            } else if (path.find_first_of(".[") == std::string::npos) {
                writer_.raw_member(path, json);
            } else if (!written_elsewhere(path)) {
                drops_.note(path, "it has no place in what is sent");
            }
        }
    }

    // Tools go back as they were written; stream_options and members of messages have been.
    bool written_elsewhere(std::string_view path) const {
        if (path.starts_with("tools[")) { return true; }
        if (path.starts_with("reasoning.")) { return target_.reasoning_back == "reasoning_details"; }
        if (path.starts_with("stream_options.")) { return request_.stream && target_.stream_options; }
        if (path.starts_with("thinking.")) { return target_.reasoning_back != "reasoning_details"; }
        const auto bracket = path.find(']');
        return path.starts_with("messages[") && bracket != std::string_view::npos &&
               path.find_first_of(".[", bracket + 2) == std::string_view::npos;
    }

    const ChatRequest& request_;
    const TargetTraits& target_;
    Drops& drops_;
    Writing writing_;
    JsonWriter writer_;
};

}  // namespace

}  // namespace chat

Result<EncodedRequest> OpenAiChatCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                       Drops& drops) const {
    if (!request.previous_response_id.empty()) {
        return fail(ErrorKind::bad_request,
                    "previous_response_id: this provider keeps no answers; send the whole conversation in input");
    }
    return EncodedRequest{chat::RequestWriter(request, target, drops).write()};
}

}  // namespace llmgw::wire
