// A request's own members, written; `input` and `tools` have files of their own.
#include <algorithm>
#include <array>

#include "core/model/reasoning_effort.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "providers/dialects/openai_responses/writing.hpp"

namespace llmgw::wire {

using responses::Writing;

namespace {

// The least this wire takes.
constexpr std::int64_t max_tokens_min = 16;
constexpr std::size_t user_id_max = 64;
constexpr std::string_view no_parameter = "openai-responses has no such parameter";

// Families that know nothing of reasoning and refuse to be asked for it.
constexpr std::array<std::string_view, 3> without_reasoning{"gpt-3.5", "gpt-4", "chatgpt-4o"};

bool can_reason(std::string_view model) {
    const auto slash = model.rfind('/');
    if (slash != std::string_view::npos) { model.remove_prefix(slash + 1); }
    return std::ranges::none_of(without_reasoning, [&](std::string_view family) { return model.starts_with(family); });
}

// A parameter's name as the client wrote it.
struct Words {
    std::string_view anthropic;
    std::string_view openai;
    std::string_view gemini;
};

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const TargetTraits& target, Drops& drops)
        : request_(request),
          target_(target),
          drops_(drops),
          writing_{request, target, drops, ToolNames(request.tools), request.origin == DialectId::openai_responses} {}

    EncodedRequest write() {
        json_.begin_object().member("model", target_.model);
        responses::write_input(writing_, json_);
        responses::write_tools(writing_, json_);
        write_limits();
        write_sampling();
        write_reasoning();
        write_text();
        write_include();
        write_identity();
        if (request_.stream) { json_.member("stream", true); }
        write_extras();
        json_.end_object();
        return {json_.take()};
    }

private:
    bool own() const { return writing_.own; }

    void drop(const Words& words) {
        std::string_view word = words.openai;
        if (request_.origin == DialectId::anthropic) { word = words.anthropic; }
        if (request_.origin == DialectId::gemini) { word = words.gemini; }
        drops_.note(std::string(word), std::string(no_parameter));
    }

    void write_limits() {
        if (!request_.max_tokens) { return; }
        if (*request_.max_tokens < max_tokens_min && !own()) {
            drops_.note("max_tokens", "raised to 16, the least openai-responses takes");
        }
        json_.member("max_output_tokens",
                     own() ? *request_.max_tokens : std::max(*request_.max_tokens, max_tokens_min));
    }

    void write_sampling() {
        const Sampling& sampling = request_.sampling;
        json_.raw_member_if("temperature", sampling.temperature).raw_member_if("top_p", sampling.top_p);
        json_.raw_member_if("top_logprobs", sampling.top_logprobs);
        if (!sampling.top_k.empty()) { drop({"top_k", "top_k", "generationConfig.topK"}); }
        if (!sampling.seed.empty()) { drop({"seed", "seed", "generationConfig.seed"}); }
        if (!sampling.presence_penalty.empty()) {
            drop({"presence_penalty", "presence_penalty", "generationConfig.presencePenalty"});
        }
        if (!sampling.frequency_penalty.empty()) {
            drop({"frequency_penalty", "frequency_penalty", "generationConfig.frequencyPenalty"});
        }
        if (!sampling.logit_bias.empty()) { drop({"logit_bias", "logit_bias", "logit_bias"}); }
        if (sampling.candidates.value_or(1) > 1) { drop({"n", "n", "generationConfig.candidateCount"}); }
        if (!sampling.stop.empty()) { drop({"stop_sequences", "stop", "generationConfig.stopSequences"}); }
    }

    // A budget in tokens as a word. The ends of the scale are left to those who name them: not every model knows them.
    static std::string effort_of(const ReasoningWish& wish) {
        if (wish.effort == "max") { return "xhigh"; }
        if (!wish.effort.empty()) { return wish.effort; }
        if (!wish.budget_tokens || *wish.budget_tokens <= 0) { return {}; }
        const std::string_view effort = effort_for(*wish.budget_tokens);
        if (effort == "minimal") { return "low"; }
        if (effort == "xhigh" || effort == "max") { return "high"; }
        return std::string(effort);
    }

    static std::string summary_of(const ReasoningWish& wish) {
        if (!wish.summary.empty()) { return wish.summary; }
        const bool thinks = wish.enabled.value_or(false) || wish.adaptive || wish.budget_tokens.value_or(0) != 0;
        return wish.show.value_or(thinks) ? "auto" : "";
    }

    void write_reasoning() {
        const ReasoningWish& wish = request_.reasoning;
        const std::string effort = own() ? wish.effort : effort_of(wish);
        std::string summary = own() ? wish.summary : summary_of(wish);
        const bool off = wish.enabled == false || wish.budget_tokens == 0;
        if (off && effort.empty() && !own()) {
            summary.clear();
            if (can_reason(target_.model)) { drops_.note("thinking", "openai-responses' models decide it themselves"); }
        }
        JsonWriter inner;
        inner.begin_object().member_if("effort", effort).member_if("summary", summary);
        add_extras("reasoning.", inner);
        const std::string text = inner.end_object().take();
        if (text == "{}") { return; }
        if (!own() && !can_reason(target_.model)) {
            if (effort != "none") { drops_.note("reasoning", "this model does not reason"); }
            return;
        }
        json_.raw_member("reasoning", text);
    }

    void write_text() {
        JsonWriter inner;
        inner.begin_object();
        const AnswerFormat& format = request_.format;
        if (format.kind != FormatKind::unset) {
            inner.key("format").begin_object();
            if (format.kind == FormatKind::json_schema) {
                inner.member("type", "json_schema").member("name", format.name.empty() ? "answer" : format.name);
                inner.member_if("description", format.description);
                inner.raw_member("schema", format.schema.empty() ? "{}" : format.schema);
                if (format.strict) { inner.member("strict", *format.strict); }
            } else {
                inner.member("type", format.kind == FormatKind::text ? "text" : "json_object");
            }
            inner.end_object();
        }
        inner.member_if("verbosity", request_.verbosity);
        add_extras("text.", inner);
        const std::string text = inner.end_object().take();
        if (text != "{}") { json_.raw_member("text", text); }
    }

    // Clients of other dialects keep no state at OpenAI, so its reasoning has to travel with them.
    void write_include() {
        const bool sealed = own() ? request_.wants_sealed : can_reason(target_.model);
        const bool logprobs = request_.sampling.logprobs.value_or(false);
        JsonWriter inner;
        inner.begin_array();
        if (sealed) { inner.string("reasoning.encrypted_content"); }
        if (logprobs) { inner.string("message.output_text.logprobs"); }
        for (const auto& [path, value] : request_.extras) {
            if (path != "include" || !own()) { continue; }
            json_scan::each_element(value, [&](const json_scan::Value& element) {
                inner.raw(element.text);
                return true;
            });
        }
        const std::string text = inner.end_array().take();
        if (text != "[]") { json_.raw_member("include", text); }
    }

    void write_identity() {
        if (own()) {
            if (request_.store) { json_.member("store", *request_.store); }
            json_.member_if("previous_response_id", request_.previous_response_id);
            json_.member_if("safety_identifier", request_.user_id);
        } else {
            json_.member("store", false);
            const bool fits = request_.user_id.size() <= user_id_max;
            json_.member_if("safety_identifier", fits ? request_.user_id : sha256_hex(request_.user_id));
        }
        json_.member_if("prompt_cache_key", request_.prompt_cache_key);
        json_.member_if("service_tier", service_tier());
        if (!request_.metadata.empty()) {
            json_.key("metadata").begin_object();
            for (const auto& [key, value] : request_.metadata) {
                json_.member(key, value);
            }
            json_.end_object();
        }
        if (request_.cache_all && !own()) { drops_.note("cache_control", "openai-responses caches prompts by itself"); }
    }

    std::string service_tier() {
        if (request_.origin == DialectId::anthropic) {
            return request_.service_tier == "standard_only" ? "default" : request_.service_tier;
        }
        if (request_.origin == DialectId::gemini) {
            const std::string tier = request_.service_tier;
            const bool known = tier.empty() || tier == "flex" || tier == "priority";
            if (!known && tier != "standard") { drops_.note("serviceTier", "openai-responses has no such tier"); }
            return known ? tier : tier == "standard" ? "default" : "";
        }
        return request_.service_tier;
    }

    void add_extras(std::string_view prefix, JsonWriter& json) {
        if (!own()) { return; }
        for (const auto& [path, value] : request_.extras) {
            if (path.starts_with(prefix)) { json.raw_member(std::string_view(path).substr(prefix.size()), value); }
        }
    }

    void write_extras() {
        for (const auto& [path, value] : request_.extras) {
            if (!own()) {
                drops_.note(path, std::string(no_parameter));
            } else if (path.starts_with("input[") && path.find("].") != std::string::npos) {
                // Those of items without an id have no place to go back to.
                const bool by_index = path.find_first_not_of("0123456789", 6) == path.find(']');
                if (by_index) { drops_.note(path, "the item has no id to know it by"); }
            } else if (path != "include" && path.find_first_of(".[") == std::string::npos) {
                json_.raw_member(path, value);
            }
        }
    }

    const ChatRequest& request_;
    const TargetTraits& target_;
    Drops& drops_;
    Writing writing_;
    JsonWriter json_;
};

}  // namespace

Result<EncodedRequest> OpenAiResponsesCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                            Drops& drops) const {
    return RequestWriter(request, target, drops).write();
}

}  // namespace llmgw::wire
