// A question as it would go out: through the same gateway, up to the transport, which shows it instead of sending it.
#pragma once

#include <string>

#include "core/config/config.hpp"
#include "core/net/http.hpp"
#include "core/provider/provider.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct DryRun {
    std::string method;
    std::string path;      // as the gateway is asked
    std::string url;       // the provider's
    Headers headers;       // as they would leave, without the credential
    std::string body;      // exact bytes
    std::string provider;  // its name
    std::string model;     // as the provider knows it
};

// Keys are not read, nothing is logged or sent. Errors: as the gateway would refuse it (usage).
Result<DryRun> dry_run(Config config, std::vector<Provider> providers, const HttpRequest& request);

// For people, and as one JSON object.
std::string dry_run_text(const DryRun& run);
std::string dry_run_json(const DryRun& run);

}  // namespace llmgw
