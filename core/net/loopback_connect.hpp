// A connection to a server on this machine that is named by its address (Ollama, llama.cpp, a test): no name to look
// up, no proxy, no TLS, so that libcurl and what it allocates for each connection are not needed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/net/transport.hpp"
#include "core/util/file.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// `origin` as origin_of() writes it. Nothing when it is of another kind. Errors: connect, cancelled and unavailable (by
// `watch`).
std::optional<Result<Fd>> connect_loopback(const std::string& origin, std::chrono::milliseconds timeout,
                                           const Watch& watch);

}  // namespace llmgw
