// The normal form as stable text, for goldens and for messages of tests: one line for each fact, empty ones left out,
// strings in JSON quotes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/dialect/whole_answer.hpp"

namespace llmgw::test {

// The request, a line for each message, part, tool and setting.
std::string request_text(const ChatRequest& request);

// One event, without a line end.
std::string event_text(const AnswerEvent& event);
// One line an event.
std::string events_text(const std::vector<AnswerEvent>& events);

// A whole answer: equal for two streams that say the same in other pieces.
std::string whole_text(const WholeAnswer& answer);

// What was dropped, a line each: "FIELD: REASON".
std::string drops_text(const Drops& drops);

// Feeds a stream in pieces of at most `piece_bytes`, the first of them `first_bytes` long when that is not 0, and ends
// it as the gateway does on a clean end of file.
std::vector<AnswerEvent> read_answer(const Codec& codec, std::string_view stream, std::size_t piece_bytes,
                                     std::size_t first_bytes = 0);

// What the codec's own validator says of a stream, "" when nothing is wrong.
std::string stream_fault(const Codec& codec, std::string_view stream);

// The stream this codec writes for a client.
std::string write_answer(const Codec& codec, const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                         Drops& drops);

}  // namespace llmgw::test
