// Answers as providers give them, written for these tests: right in shape, small, with usage numbers that differ
// from each other so that a mixed-up field shows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/dialect_id.hpp"
#include "tests/support/fake_upstream.hpp"

namespace llmgw::testing::canned {

// What a dialect's client sends and its provider answers, for tests that run over all four.
struct Wire {
    DialectId dialect;
    std::string target;         // for a whole answer
    std::string stream_target;  // for a streamed one
    std::string body;           // request bodies; the model is `model`
    std::string stream_body;
    std::string model;
    std::string answer;               // whole answer
    std::vector<std::string> events;  // streamed answer, one SSE event each, blank line included
    std::string terminal;             // what the last event holds, and none before
    std::string text;                 // the text both answers carry
};
const std::vector<Wire>& wires();
const Wire& wire(DialectId dialect);

std::string joined(const std::vector<std::string>& events);
// All but the last `n` events.
std::string without_last(const std::vector<std::string>& events, std::size_t n);

// Usage of every canned answer, in the disjoint buckets of the log.
inline constexpr int input_tokens = 21;
inline constexpr int cache_read_tokens = 8;
inline constexpr int output_tokens = 13;
inline constexpr int reasoning_tokens = 5;

// A provider's error body in its dialect's shape.
std::string error_body(DialectId dialect, int status, std::string_view message);
// An error inside a stream that began with 200, as one SSE event.
std::string stream_error(DialectId dialect, std::string_view message);

// Answers any request of the four dialects, streamed or not, with a tool call when the request offers tools and
// holds no tool result yet. The model's name may ask for trouble: "fake-401", "fake-429", "fake-529" and so on
// answer with that status. This is what the llmgw_fake_upstream program runs.
void answer(const RecordedRequest& request, UpstreamConnection& connection);

}  // namespace llmgw::testing::canned
