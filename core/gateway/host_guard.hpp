// Who may talk to a server on localhost: DNS rebinding and web pages are kept out before anything else is
// looked at (Host and Origin, on every request and upgrade).
#pragma once

#include <optional>
#include <string>

#include "core/config/config.hpp"
#include "core/config/listen.hpp"
#include "core/model/api_error.hpp"
#include "core/net/http.hpp"

namespace llmgw {

// 400 for a missing, repeated or malformed Host; 403 for a Host or Origin that is not on the list.
std::optional<ApiError> check_host_and_origin(const Headers& headers, const ServerConfig& config);

// The request's Origin when it is on the list, else "".
std::string allowed_origin(const Headers& headers, const ServerConfig& config);

// A Host header's value: a name or address, its port optional (0 when there is none).
std::optional<HostPort> parse_host_header(std::string_view text);

}  // namespace llmgw
