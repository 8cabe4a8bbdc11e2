// Base64 (RFC 4648): the standard alphabet with padding, and the URL-safe one without.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);

// Reads either alphabet, padding present or not. nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace llmgw
