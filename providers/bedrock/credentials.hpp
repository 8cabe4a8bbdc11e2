// What a provider's secret says about who asks: a Bedrock API key, or an access key that signs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/provider/host.hpp"
#include "core/util/aws_sigv4.hpp"
#include "core/util/result.hpp"

namespace llmgw::bedrock {

// A Bedrock API key; ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]; or the JSON that a credential process prints
// (`aws configure export-credentials`), with the end it names. The credential is one of the first two. All secrets in
// it are registered for redact().
Result<Host::CredentialStep> credential(const Provider& provider, std::string_view secret, std::int64_t now_ms);

// Of a credential as above; nullopt for an API key.
std::optional<AwsCredentials> access_key_in(std::string_view credential);

// Signs the request, or adds the API key.
Result<> authorise(const Provider& provider, const std::string& credential, std::int64_t now_ms,
                   UpstreamRequest& request);

// RFC 3339, as AWS writes it: 2026-11-21T17:30:00Z or +00:00.
std::optional<std::int64_t> time_ms(std::string_view text);

}  // namespace llmgw::bedrock
