// What a gateway takes from its configuration at its start, once. Everything else it looks up in the snapshot of each
// call; the settings' table says so key by key, and a test holds it to this.
#pragma once

#include <string>

#include "core/config/config.hpp"
#include "core/config/listen.hpp"
#include "core/net/server.hpp"
#include "core/usage/ledger.hpp"

namespace llmgw {

ServerOptions server_options(const HostPort& listen, const ServerConfig& server);

LedgerOptions ledger_options(const std::string& data_dir, const LogConfig& log);

}  // namespace llmgw
