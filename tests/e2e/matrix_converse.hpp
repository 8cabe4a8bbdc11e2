// Bedrock's Converse as a provider of the matrix: no client speaks it.
#pragma once

#include <string>
#include <vector>

#include "tests/e2e/matrix.hpp"

namespace llmgw::testing::matrix::converse {

std::string whole_answer(const Answer& answer);
// Binary frames, one for each event.
std::vector<std::string> answer_events(const Answer& answer, std::size_t piece_bytes);
Asked read_request(const RecordedRequest& request);
std::string seal_fault(const Json& body, const Answer& before);
std::string seal();
// The answer's head for a stream.
bool start(UpstreamConnection& connection);
std::string stream_error(const std::string& message);

}  // namespace llmgw::testing::matrix::converse
