// What an answer says, in order, with its content: what translation between dialects is made of. A whole (not
// streamed) answer is the same sequence, read from one body. core/model/event.hpp is the log's cheaper view.
//
// The grammar every decoder keeps, so that encoders need no guessing:
//   Begin ( PartBegin Delta* PartEnd )* [ UsageSeen* Finish+ | Failed ] End
// with one part open at a time in each candidate. A wire that interleaves parts (parallel calls of openai-chat) is put
// in order by its decoder: what cannot be said yet waits there. UsageSeen may come anywhere after Begin; the last one
// counts. A stream that was cut has no End.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/model/api_error.hpp"
#include "core/model/chat_request.hpp"
#include "core/model/usage.hpp"

namespace llmgw {

namespace answer {

struct Begin {
    std::string id;
    std::string model;           // the model that serves it
    std::int64_t created_s = 0;  // 0: not said
};

enum class PartKind { text, reasoning, tool_call, refusal, media, foreign };

struct PartBegin {
    PartKind kind = PartKind::text;
    int candidate = 0;
    part::ToolCall call;    // tool_call: id, name, custom, ...; arguments come as deltas
    part::Media media;      // media: whole
    part::Foreign foreign;  // foreign: whole
    std::string phase;      // text
    std::string item_id;
};

enum class DeltaKind {
    text,            // text, refusal, tool arguments (pieces of JSON text, or of a custom tool's input)
    reasoning_text,  // the reasoning itself
    summary,         // a piece of a summary
    summary_break,   // the next summary part begins
    logprobs,        // `raw`: the origin's logprobs for the text just said
};

struct Delta {
    DeltaKind kind = DeltaKind::text;
    int candidate = 0;
    std::string text;
    JsonText raw;
};

// A citation of the open text part.
struct Cited {
    int candidate = 0;
    part::Citation citation;
};

// What is known of a part when it is over. `sealed` belongs to the part: a thinking signature, encrypted content, or a
// thought signature of a call or a text.
struct PartEnd {
    int candidate = 0;
    Sealed sealed;
    bool redacted = false;  // reasoning without a word of text
};

struct UsageSeen {
    Usage usage;
};

enum class StopReason {
    end_turn,
    stop_sequence,
    max_tokens,
    context_window,  // the model's window is full
    tool_use,
    refusal,         // the model's own
    content_filter,  // the provider's filter
    pause,           // anthropic pause_turn
    other,
};

struct Finish {
    StopReason reason = StopReason::end_turn;
    int candidate = 0;
    std::string word;           // the wire's own
    std::string stop_sequence;  // which one, where said
    std::string message;        // why, where said (refusal explanations, finishMessage)
};

// An error inside a 200 answer. Nothing but End follows.
struct Failed {
    ApiError error;
};

// The dialect's end has been seen.
struct End {};

}  // namespace answer

using AnswerEvent = std::variant<answer::Begin, answer::PartBegin, answer::Delta, answer::Cited, answer::PartEnd,
                                 answer::UsageSeen, answer::Finish, answer::Failed, answer::End>;

}  // namespace llmgw
