// What a dialect's decoder says happened, one value per fact, in order. The tap consumes these for the log;
// translation between dialects will consume the same events with their content.
#pragma once

#include <string>
#include <variant>

#include "core/model/api_error.hpp"
#include "core/model/usage.hpp"

namespace llmgw {

namespace event {

// The answer begins. May be said again with better knowledge; empty fields change nothing.
struct Started {
    std::string id;     // the provider's id of the answer
    std::string model;  // the model that serves it
};

// Something the user would see or the agent would act on: text, reasoning, tool arguments.
struct Content {
    std::size_t bytes = 0;  // UTF-8 bytes of the delta, JSON escapes counted as written
};

// Usage so far. A later one replaces an earlier one whole; decoders do the merging their dialect needs.
struct UsageSeen {
    Usage usage;
};

struct Finished {
    std::string reason;  // the dialect's own word: end_turn, stop, completed, STOP, ...
};

// An error inside a 200 stream.
struct Failed {
    ApiError error;
};

// The dialect's terminal event has been seen whole: nothing that matters follows.
struct Terminal {};

}  // namespace event

using Event =
    std::variant<event::Started, event::Content, event::UsageSeen, event::Finished, event::Failed, event::Terminal>;

}  // namespace llmgw
