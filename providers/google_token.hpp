// Access tokens of Google Cloud, asked for with a service account's key or a user's refresh token (RFC 7523, RFC 6749;
// https://developers.google.com/identity/protocols/oauth2/service-account).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/provider/host.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// `document`: the JSON that the cloud's console or `gcloud auth application-default login` writes. Error credential:
// it is neither, or lacks something; the message names the member, never its value.
Result<TokenRequest> google_token_request(std::string_view document, std::int64_t now_s);

// The answer. Error credential: no token in it.
Result<Credential> google_token(std::string_view body, std::int64_t now_ms);

}  // namespace llmgw
