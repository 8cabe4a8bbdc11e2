// RSA signatures as JSON Web Tokens have them (RFC 7518, 3.3: RS256).
#pragma once

#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

// The signature's bytes. `private_key`: PEM, not encrypted. Error credential: it is no RSA key; the message holds
// nothing of it.
Result<std::string> sign_rs256(std::string_view private_key, std::string_view text);

}  // namespace llmgw
