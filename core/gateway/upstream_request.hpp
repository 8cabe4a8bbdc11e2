// From the client's request to the one that goes to a provider, changing no byte that need not change. For a provider
// with a Host, URL and key are left to ask_host() (host_request.hpp).
#pragma once

#include <string>

#include "core/gateway/exchange.hpp"
#include "core/net/transport.hpp"
#include "core/route/resolve.hpp"

namespace llmgw {

struct PreparedRequest {
    UpstreamRequest request;  // its body views the exchange's body, or `edited`
    std::string edited;       // the spliced body, when it had to be
    std::string path;         // of the dialect's own API
    std::string query;
    bool hide_usage = false;  // llmgw asked for stream usage; the client did not
};

// What every request to this provider has: URL of `path` (and query), time limits, key. The body is out.edited.
void describe_upstream(const Exchange& exchange, const Provider& provider, const std::string& key,
                       const std::string& path, Headers headers, PreparedRequest& out);

// `key` is the provider's, "" for none. Not movable into place afterwards: request.body may view `edited`.
void prepare_upstream(const Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out);

}  // namespace llmgw
