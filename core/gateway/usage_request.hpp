// OpenAI Chat streams carry usage only when asked (stream_options.include_usage). llmgw asks when the client
// did not, and hides what that adds from the client.
#pragma once

#include <string>
#include <string_view>

#include "core/gateway/peek.hpp"

namespace llmgw {

// The body with stream_options.include_usage true; every other byte stays.
std::string ask_for_usage(std::string_view body, const Peek& peek);

// One event of a Chat stream as the client would have got it had nobody asked: a chunk that holds nothing but
// usage becomes "", a "usage" member of another chunk is cut out, everything else is returned as it is.
// `storage` backs the result when it is not a view of `raw`.
std::string_view hide_usage(std::string_view raw, std::string_view data, std::string& storage);

}  // namespace llmgw
