// What a client of each dialect calls a setting, for notes about settings that were dropped.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"
#include "core/model/dialect_id.hpp"

namespace llmgw::wire {

enum class Field {
    temperature,
    top_p,
    top_k,
    seed,
    presence_penalty,
    frequency_penalty,
    logprobs,
    top_logprobs,
    logit_bias,
    candidates,
    stop,
    max_tokens,
    reasoning,
    tool_choice,
    allowed_tools,
    format,
    schema,
    verbosity,
    user,
    metadata,
    service_tier,
    prompt_cache_key,
    store,
    previous_response_id,
};

struct FieldName {
    Field field;
    // In the order of DialectId.
    std::array<std::string_view, 4> names;
};

inline constexpr std::array<FieldName, 24> field_names{{
    {Field::temperature, {"temperature", "temperature", "temperature", "generationConfig.temperature"}},
    {Field::top_p, {"top_p", "top_p", "top_p", "generationConfig.topP"}},
    {Field::top_k, {"top_k", "top_k", "top_k", "generationConfig.topK"}},
    {Field::seed, {"seed", "seed", "seed", "generationConfig.seed"}},
    {Field::presence_penalty,
     {"presence_penalty", "presence_penalty", "presence_penalty", "generationConfig.presencePenalty"}},
    {Field::frequency_penalty,
     {"frequency_penalty", "frequency_penalty", "frequency_penalty", "generationConfig.frequencyPenalty"}},
    {Field::logprobs, {"logprobs", "logprobs", "include", "generationConfig.responseLogprobs"}},
    {Field::top_logprobs, {"top_logprobs", "top_logprobs", "top_logprobs", "generationConfig.logprobs"}},
    {Field::logit_bias, {"logit_bias", "logit_bias", "logit_bias", "logit_bias"}},
    {Field::candidates, {"n", "n", "n", "generationConfig.candidateCount"}},
    {Field::stop, {"stop_sequences", "stop", "stop", "generationConfig.stopSequences"}},
    {Field::max_tokens,
     {"max_tokens", "max_completion_tokens", "max_output_tokens", "generationConfig.maxOutputTokens"}},
    {Field::reasoning, {"thinking", "reasoning_effort", "reasoning", "generationConfig.thinkingConfig"}},
    {Field::tool_choice, {"tool_choice", "tool_choice", "tool_choice", "toolConfig.functionCallingConfig"}},
    {Field::allowed_tools,
     {"tool_choice", "tool_choice.allowed_tools", "tool_choice.tools",
      "toolConfig.functionCallingConfig.allowedFunctionNames"}},
    {Field::format, {"output_config.format", "response_format", "text.format", "generationConfig.responseMimeType"}},
    {Field::schema,
     {"output_config.format.schema", "response_format.json_schema.schema", "text.format.schema",
      "generationConfig.responseSchema"}},
    {Field::verbosity, {"verbosity", "verbosity", "text.verbosity", "verbosity"}},
    {Field::user, {"metadata.user_id", "user", "user", "user"}},
    {Field::metadata, {"metadata", "metadata", "metadata", "labels"}},
    {Field::service_tier, {"service_tier", "service_tier", "service_tier", "serviceTier"}},
    {Field::prompt_cache_key, {"prompt_cache_key", "prompt_cache_key", "prompt_cache_key", "prompt_cache_key"}},
    {Field::store, {"store", "store", "store", "store"}},
    {Field::previous_response_id,
     {"previous_response_id", "previous_response_id", "previous_response_id", "previous_response_id"}},
}};

constexpr std::string_view name_of(Field field, DialectId origin) {
    for (const auto& row : field_names) {
        if (row.field == field) { return row.names[static_cast<std::size_t>(origin)]; }
    }
    return "?";
}

// Calls `note(field, said)` for each setting that neither Messages nor Converse has.
template <class Note>
void each_openai_setting(const ChatRequest& request, Note note) {
    const Sampling& sampling = request.sampling;
    note(Field::seed, !sampling.seed.empty());
    note(Field::presence_penalty, !sampling.presence_penalty.empty());
    note(Field::frequency_penalty, !sampling.frequency_penalty.empty());
    note(Field::logprobs, sampling.logprobs.value_or(false));
    note(Field::top_logprobs, !sampling.top_logprobs.empty());
    note(Field::logit_bias, !sampling.logit_bias.empty());
    note(Field::candidates, sampling.candidates.value_or(1) > 1);
    note(Field::verbosity, !request.verbosity.empty());
    note(Field::prompt_cache_key, !request.prompt_cache_key.empty());
    note(Field::store, request.store.value_or(false));
}

}  // namespace llmgw::wire
