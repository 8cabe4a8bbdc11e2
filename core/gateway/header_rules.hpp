// Which headers pass, in both directions. Requests: open, less what belongs to the connection, to llmgw or
// to somebody's key. Answers: an allowlist plus the providers' own protocol headers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/net/http.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {

// Every value a client may have meant as a credential, in the order they are tried. Bearer prefixes removed.
std::vector<std::string> presented_credentials(const Headers& headers, std::string_view query_key);

// The client's headers as they go upstream, without any credential.
Headers forwarded_request_headers(const Headers& client);

// Adds the provider's key the way the provider wants it.
void attach_key(Headers& headers, AuthStyle style, const std::string& key);

// For passthrough: the client's own credential headers, less those that hold `client_key` (llmgw's).
// A ?key= becomes x-goog-api-key.
Headers own_credentials(const Headers& client, std::string_view query_key, std::string_view client_key);

// An upstream's headers as the client may see them. A header that holds `secret` is dropped whatever its name.
Headers screened_answer_headers(const Headers& upstream, std::string_view secret);

}  // namespace llmgw
