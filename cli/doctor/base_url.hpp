// Where a client's base URL leads. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/doctor/facts.hpp"
#include "core/config/listen.hpp"

namespace llmgw::doctor {

// `end`: what the client wants at the URL's end, "" or "/v1"; /f/NAME may stand before it. `listen`: where the gateway
// listens, nullopt or port 0 where that is not known. Sets `leads` and `wrong` of a URL that has an origin.
void follow(BaseUrl& url, std::string_view value, std::string_view end, const std::optional<HostPort>& listen);

}  // namespace llmgw::doctor
