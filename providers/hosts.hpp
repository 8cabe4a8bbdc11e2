// The hosts that are asked in ways of their own (core/provider/host.hpp), a file each, and what they share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/provider/host.hpp"

namespace llmgw {

extern const Host azure_host;
extern const Host bedrock_host;  // providers/bedrock/
extern const Host cohere_host;
extern const Host ollama_host;
extern const Host vertex_host;

// What a key reference gave that goes with calls as it is. A JSON Web Token says itself when it ends. What a command
// printed is printed anew now and then otherwise: the command knows when it ends, llmgw does not. All else is good
// until it is refused.
Credential ready_credential(const Provider& provider, std::string_view secret, std::int64_t now_ms);

// Whether it is a JSON Web Token.
bool is_jwt(std::string_view text);

// Whether `host` is `domain` or a name below it.
bool is_below(std::string_view host, std::string_view domain);

// Models of Anthropic's, by the names every host gives them.
bool is_claude(std::string_view model);

}  // namespace llmgw
