// What OpenAI's models refuse, as far as a name tells: the reasoning ones take an effort and no sampling parameters,
// the others the reverse. A request that was written for another dialect would be answered with a 400 otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace llmgw::wire::chat {

enum class ModelFamily {
    other,      // not a model of OpenAI's: hosts ignore what they do not know
    plain,      // gpt-3.5, gpt-4, gpt-4o, gpt-4.1, gpt-5-chat
    reasoning,  // o1, o3, o4, gpt-5 and later
};

// `model` may have a prefix ("openai/gpt-4o", "ft:gpt-4o:...").
ModelFamily model_family(std::string_view model);

// The most tokens this model gives in one answer; 0 where that is not known. More asked for is a 400.
std::int64_t output_tokens_max(std::string_view model);

// The effort nearest to `effort` that this model knows.
std::string effort_known_to(std::string_view model, std::string_view effort);

}  // namespace llmgw::wire::chat
