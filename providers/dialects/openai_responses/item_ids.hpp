// Ids of items that llmgw makes: the same call gives the same ids.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/util/sha256.hpp"

namespace llmgw::wire::responses {

// Reasoning items that are not OpenAI's, which would look for them by their id.
inline constexpr std::string_view reasoning_prefix = "rs_llmgw_";

// After an envelope in encrypted_content: what it holds is redacted thinking.
inline constexpr std::string_view redacted_suffix = ".redacted";

inline std::string made_item_id(std::string_view prefix, std::string_view call_id, std::size_t output_index) {
    return std::string(prefix) + sha256_hex(std::string(call_id) + ":" + std::to_string(output_index)).substr(0, 32);
}

}  // namespace llmgw::wire::responses
