// The provider's side of AWS Bedrock, for tests: whether a request is signed as AWS wants it, by code of its own, and
// answers in Bedrock's forms.
#pragma once

#include <string>
#include <vector>

#include "tests/support/fake_upstream.hpp"

namespace llmgw::testing::bedrock {

struct AccessKey {
    std::string id;
    std::string secret;
    std::string token;  // "" for none
};

// What AWS would refuse about the signature, "" when nothing.
std::string signature_fault(const RecordedRequest& request, const AccessKey& key, const std::string& region);

// Anthropic's own events inside `chunk` messages, as InvokeModelWithResponseStream sends them.
std::string invoke_stream(const std::vector<std::string>& events);

// A Converse stream: text, and a call of look({"at":1.0}) when wanted.
std::string converse_stream(const std::string& text, bool call);
std::string converse_answer(const std::string& text, bool call);

// Sends bytes as an event stream, so many at a time.
void send_stream(UpstreamConnection& connection, const std::string& bytes, std::size_t piece_bytes);

}  // namespace llmgw::testing::bedrock
