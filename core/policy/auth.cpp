#include "core/policy/auth.hpp"

#include "core/gateway/header_rules.hpp"
#include "core/util/sha256.hpp"

namespace llmgw {

std::optional<ApiError> auth_policy(Exchange& exchange) {
    const auto& snapshot = *exchange.snapshot;
    // Hash first, compare in constant time, touch no database: what a stranger sends costs the same whatever it is.
    for (const auto& credential : presented_credentials(exchange.request.headers, exchange.endpoint.query_key)) {
        if (credential.empty() || credential.size() > 1024) { continue; }
        const auto hash = sha256_hex(credential);
        for (const auto& key : snapshot.client_keys) {
            if (!constant_time_equal(hash, key.sha256)) { continue; }
            exchange.client_key_used = credential;
            exchange.row.client_key = key.name;
            return std::nullopt;
        }
    }
    if (!snapshot.config.server.require_key) { return std::nullopt; }
    return ApiError{.status = 401,
                    .error_class = ErrorClass::authentication,
                    .message =
                        "llmgw: no valid client key. Send the gateway's own key, not a provider's: `llmgw env <agent>` "
                        "prints what to set (Authorization: Bearer, x-api-key, x-goog-api-key or x-llmgw-key).",
                    .retry_after_s = std::nullopt,
                    .request_id = exchange.call_id()};
}

}  // namespace llmgw
