#include "cli/start_options.hpp"

namespace llmgw {

ServerOptions server_options(const HostPort& listen, const ServerConfig& server) {
    ServerOptions options;
    options.host = listen.host;
    options.port = listen.port;
    options.connections_max = static_cast<std::size_t>(server.max_connections);
    options.body_bytes_max = static_cast<std::uint64_t>(server.max_body_mb) << 20;
    return options;
}

LedgerOptions ledger_options(const std::string& data_dir, const LogConfig& log) {
    LedgerOptions options;
    options.data_dir = data_dir;
    options.queue_max = log.queue_max;
    options.journal_max_bytes = log.journal_max_mb << 20;
    options.keep_days = log.keep_days;
    return options;
}

}  // namespace llmgw
