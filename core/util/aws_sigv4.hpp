// Signature Version 4: how a request to AWS proves who sends it. A pure function of the request, the credentials and
// the time. (AWS, "Create a signed AWS API request".)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmgw {

struct AwsCredentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // of temporary credentials, else ""
};

struct AwsScope {
    std::string region;
    std::string service;
};

// What is signed. All of it must reach AWS as it stands here.
struct AwsRequest {
    std::string_view method;
    std::string_view path;   // as sent: percent-encoded once. "" means "/"
    std::string_view query;  // as sent, without '?'
    // Names in any case; `host` must be among them. What a proxy on the way may change does not belong here.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string_view body;
};

// The headers to add: x-amz-date, x-amz-security-token where there is one, and authorization.
// `at_s`: seconds since 1970; AWS refuses what is off by more than five minutes.
std::vector<std::pair<std::string, std::string>> aws_signature_headers(const AwsRequest& request,
                                                                       const AwsCredentials& credentials,
                                                                       const AwsScope& scope, std::int64_t at_s);

// The text whose hash is signed, for tests and for what AWS answers when it does not agree. `headers` include
// x-amz-date and, where there is one, x-amz-security-token.
std::string aws_canonical_request(const AwsRequest& request);

}  // namespace llmgw
