// Asking one provider for the list of its models.
#pragma once

#include <chrono>
#include <vector>

#include "core/gateway/model_listing.hpp"
#include "core/net/transport.hpp"
#include "core/provider/provider.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// The provider's own models endpoint, page by page. `credentials` are the headers that carry the key, none where none
// is needed. Takes at most `limit`; `stop_fd`: a socket whose peer closes when the gateway ends, or -1.
// Errors: credential (401, 403), not_found (the host has no such endpoint), upstream, connect, timeout, cancelled.
Result<std::vector<ListedModel>> fetch_models(const Provider& provider, const Headers& credentials,
                                              Transport& transport, std::chrono::milliseconds limit, int stop_fd);

}  // namespace llmgw
