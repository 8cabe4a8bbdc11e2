// Where Bedrock is asked, and with which body.
#pragma once

#include <string>
#include <string_view>

#include "core/provider/host.hpp"

namespace llmgw::bedrock {

// Completes base URL and region, each from the other or from AWS_REGION.
std::string complete(Provider& provider, const Host::Environment& env);

// Whether the base URL is one of AWS's own for Bedrock.
bool own_origin(const Provider& provider);

// Claude by its name in Anthropic's dialect, everything in Converse.
bool serves(DialectId dialect, std::string_view model);

Result<std::string> url(const HostCall& call);
Result<std::string> body(const HostCall& call, Headers& headers, std::string_view body);

// A call that no model answers.
Host::Check check(const Provider& provider);

}  // namespace llmgw::bedrock
