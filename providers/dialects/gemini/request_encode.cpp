#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "core/util/text.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/request_writing.hpp"
#include "providers/dialects/gemini/schema.hpp"

namespace llmgw::wire::gemini {

namespace {

constexpr std::size_t stops_max = 5;
constexpr std::int64_t output_tokens_max = 65536;
constexpr std::string_view generation = "generationConfig.";

// A seed is 32 bits here.
bool fits_seed(const JsonText& seed) {
    const auto number = json_scan::Value{json_scan::Type::number, seed}.as_int();
    return number && *number >= std::numeric_limits<std::int32_t>::min() &&
           *number <= std::numeric_limits<std::int32_t>::max();
}

// More than any of its models gives is an error. Agents made for others' models ask for more.
std::int64_t output_limit(RequestWriting& writing) {
    const std::int64_t wished = *writing.request.max_tokens;
    if (writing.same_dialect() || wished <= output_tokens_max) { return wished; }
    writing.drops.note("max_tokens", fmt::format("gemini's models give at most {}", output_tokens_max));
    return output_tokens_max;
}

void write_sampling(RequestWriting& writing, JsonWriter& json) {
    const Sampling& sampling = writing.request.sampling;
    json.raw_member_if("temperature", sampling.temperature);
    json.raw_member_if("topP", sampling.top_p).raw_member_if("topK", sampling.top_k);
    if (sampling.candidates) { json.member("candidateCount", *sampling.candidates); }
    if (writing.request.max_tokens) { json.member("maxOutputTokens", output_limit(writing)); }
    if (!sampling.stop.empty()) {
        json.key("stopSequences").begin_array();
        for (std::size_t i = 0; i < std::min(sampling.stop.size(), stops_max); ++i) {
            json.string(sampling.stop[i]);
        }
        json.end_array();
        if (sampling.stop.size() > stops_max) {
            writing.drops.note("stop", "gemini takes five: the rest are left out");
        }
    }
    json.raw_member_if("presencePenalty", sampling.presence_penalty);
    json.raw_member_if("frequencyPenalty", sampling.frequency_penalty);
    if (!sampling.seed.empty() && !fits_seed(sampling.seed)) {
        writing.drops.note("seed", "gemini takes 32 bits");
    } else {
        json.raw_member_if("seed", sampling.seed);
    }
    // Some dialects ask for the alternatives alone.
    const bool wanted = sampling.logprobs.value_or(!sampling.top_logprobs.empty() && !writing.same_dialect());
    if (sampling.logprobs || wanted) { json.member("responseLogprobs", wanted); }
    if (wanted || writing.same_dialect()) { json.raw_member_if("logprobs", sampling.top_logprobs); }
    if (!sampling.logit_bias.empty()) { writing.drops.note("logit_bias", "gemini has no such parameter"); }
}

Result<> write_format(RequestWriting& writing, JsonWriter& json) {
    const AnswerFormat& format = writing.request.format;
    if (format.kind == FormatKind::text && writing.same_dialect()) { json.member("responseMimeType", "text/plain"); }
    if (format.kind != FormatKind::json_object && format.kind != FormatKind::json_schema) { return {}; }
    json.member("responseMimeType", "application/json");
    if (!format.description.empty()) {
        writing.drops.note("the answer format's description", "gemini takes the schema alone");
    }
    if (format.schema.empty()) { return {}; }
    if (takes_json_schema(writing.target)) {
        json.raw_member("responseJsonSchema", format.schema);
        return {};
    }
    auto converted = to_openapi(format.schema, SchemaUse::answer);
    if (!converted) {
        return fail(ErrorKind::bad_request,
                    "the answer format's schema cannot be said to this provider: " + converted.error().message);
    }
    json.raw_member("responseSchema", converted->json);
    for (const auto& path : converted->losses) {
        writing.drops.note("the answer format's schema." + path, "not in gemini's schemas: told in the description");
    }
    return {};
}

struct TierWord {
    std::string_view said;
    std::string_view tier;  // "" for the default, which needs no word
};

constexpr std::array<TierWord, 7> tier_words{{
    {"auto", ""},
    {"default", "standard"},
    {"standard", "standard"},
    {"standard_only", "standard"},
    {"flex", "flex"},
    {"priority", "priority"},
    {"batch", "batch"},
}};

void write_tier(RequestWriting& writing, JsonWriter& json) {
    const std::string& said = writing.request.service_tier;
    if (said.empty()) { return; }
    if (writing.same_dialect()) {
        json.member("serviceTier", said);
        return;
    }
    const auto* row = std::ranges::find(tier_words, said, &TierWord::said);
    if (row == tier_words.end()) {
        writing.drops.note("service_tier", "gemini has no tier of this name");
    } else {
        json.member_if("serviceTier", row->tier);
    }
}

bool has_cache_marks(const ChatRequest& request) {
    if (request.cache_all) { return true; }
    const auto marked = [](const Part& part) {
        return std::visit(
            [](const auto& one) {
                if constexpr (requires { one.cache; }) { return one.cache.has_value(); }
                return false;
            },
            part);
    };
    return std::ranges::any_of(request.tools, [](const Tool& tool) { return tool.cache.has_value(); }) ||
           std::ranges::any_of(request.messages,
                               [&](const Message& message) { return std::ranges::any_of(message.parts, marked); });
}

// Where the client wrote who its user is.
std::string_view user_field(DialectId origin) {
    if (origin == DialectId::anthropic) { return "metadata.user_id"; }
    return origin == DialectId::openai_chat ? "user" : "safety_identifier";
}

void note_the_rest(RequestWriting& writing) {
    const ChatRequest& request = writing.request;
    auto& drops = writing.drops;
    if (!request.user_id.empty()) {
        drops.note(std::string(user_field(request.origin)), "gemini is not told the user");
    }
    if (!request.metadata.empty() && !writing.same_dialect()) { drops.note("metadata", "gemini keeps none"); }
    if (!request.verbosity.empty()) { drops.note("verbosity", "gemini has no such parameter"); }
    if (!request.prompt_cache_key.empty()) { drops.note("prompt_cache_key", "gemini caches by itself"); }
    if (has_cache_marks(request)) { drops.note("cache_control", "gemini caches by itself"); }
    if (request.store == true) { drops.note("store", "gemini keeps no answers"); }
    if (!request.reasoning.summary.empty() && request.reasoning.summary != "auto") {
        drops.note("reasoning.summary", "gemini's summaries come in one size");
    }
    for (const auto& [path, value] : request.extras) {
        if (!writing.same_dialect()) {
            drops.note(path, "gemini has no such parameter");
        } else if (path.starts_with("contents[")) {
            drops.note(path, "not kept when the conversation is written again");
        }
    }
}

}  // namespace

std::string_view RequestWriting::below(std::string_view prefix, std::string_view path) {
    if (!path.starts_with(prefix)) { return {}; }
    path.remove_prefix(prefix.size());
    return path.find_first_of(".[") == std::string_view::npos ? path : std::string_view{};
}

bool RequestWriting::has_extras(std::string_view prefix) const {
    return std::ranges::any_of(request.extras, [&](const auto& extra) { return !below(prefix, extra.first).empty(); });
}

void RequestWriting::write_extras(std::string_view prefix, JsonWriter& json) const {
    for (const auto& [path, value] : request.extras) {
        if (const auto name = below(prefix, path); !name.empty()) { json.raw_member(name, value); }
    }
}

Result<> write_generation_config(RequestWriting& writing, JsonWriter& json) {
    JsonWriter config;
    config.begin_object();
    write_sampling(writing, config);
    if (auto written = write_format(writing, config); !written) { return written; }
    config.raw_member_if("thinkingConfig", thinking_config(writing));
    if (writing.same_dialect()) { writing.write_extras(generation, config); }
    config.end_object();
    if (config.text() != "{}") { json.raw_member("generationConfig", config.text()); }
    return {};
}

Result<EncodedRequest> GeminiCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                   Drops& drops) const {
    if (!request.previous_response_id.empty()) {
        return fail(ErrorKind::bad_request,
                    "previous_response_id: this provider keeps no conversations; send the whole input");
    }
    RequestWriting writing{request, target, drops, ToolNames(request.tools)};
    JsonWriter json;
    json.begin_object();
    write_contents(writing, json);
    if (auto written = write_tools(writing, json); !written) { return std::unexpected(written.error()); }
    if (auto written = write_generation_config(writing, json); !written) { return std::unexpected(written.error()); }
    write_tier(writing, json);
    if (writing.same_dialect()) {
        if (!request.metadata.empty()) {
            json.key("labels").begin_object();
            for (const auto& [key, value] : request.metadata) {
                json.member(key, value);
            }
            json.end_object();
        }
        writing.write_extras("", json);
    }
    note_the_rest(writing);
    json.end_object();
    return EncodedRequest{json.take()};
}

// With tools and the system prompt counted, the request is wrapped, and says its model again.
Result<EncodedRequest> GeminiCodec::encode_count_request(const ChatRequest& request, const TargetTraits& target,
                                                         Drops& drops) const {
    auto encoded = encode_request(request, target, drops);
    if (!encoded) { return encoded; }
    const std::string_view prefix = target.model.starts_with("models/") ? "" : "models/";
    encoded->body = fmt::format(R"({{"generateContentRequest":{{"model":{},{}}})",
                                json_scan::quote(std::string(prefix) + target.model), encoded->body.substr(1));
    return encoded;
}

}  // namespace llmgw::wire::gemini
