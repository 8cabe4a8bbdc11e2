// One call whose client and provider speak different dialects: its request read into the normal form and written for
// the target, its answer read and written for the client. The bytes' way is the same as for equals: prepared by
// dispatch, passed on by passthrough and event_stream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/gateway/exchange.hpp"
#include "core/gateway/upstream_request.hpp"
#include "core/route/resolve.hpp"

namespace llmgw {

struct Translation {
    const Codec* client = nullptr;
    const Codec* provider = nullptr;
    ChatRequest request;
    TargetTraits traits;
    Drops drops;                    // what was left out, of the request and of the answer
    std::size_t request_drops = 0;  // how many of them are the request's
    AnswerWishes wishes;
    bool json_array = false;  // a gemini client that did not ask for alt=sse
    // Of an answer that is to be kept for requests that go on from it: the items before it.
    std::optional<JsonText> items_to_keep;
    std::string previous_id;  // of the answer this one goes on from, "" for none
};

// Reads the exchange's body and writes the target's request into `out`. Sets exchange.translation. Errors: bad_request
// (the body, something this target can take in no form, or, for a strict one, anything that would be left out),
// not_found (tokens are to be counted and the target's dialect cannot).
Result<> prepare_translation(Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out);

// For a call of equals whose history went through another dialect: its body once more, without what that one sealed
// (T3d). Everything else of `prepared` stays as it is.
Result<> take_out_foreign_seals(const Exchange& exchange, const Target& target, PreparedRequest& prepared);

// What a client is told of an upstream's error: its class, message and retry-after in the client's shape.
ApiError translated_error(const Exchange& exchange, int status, std::string_view body, const Headers& upstream_headers);

// A whole answer in the client's shape. An error inside it comes as the error.
struct TranslatedAnswer {
    std::string content_type;
    std::string body;
};
std::expected<TranslatedAnswer, ApiError> translated_answer(const Exchange& exchange, std::string_view body,
                                                            bool is_event_stream);

// What a stream of this client's is called.
std::string stream_content_type(const Translation& translation);

// x-llmgw-dropped with the names of what was left out so far; none when nothing was.
void set_dropped(const Translation& translation, Headers& headers);

// The log's line of what the answer lost. A stream's head, and with it x-llmgw-dropped, is gone by then.
void log_lost(const Exchange& exchange);

// The upstream's id of the request under the name the client's dialect knows it by.
void name_request_id(DialectId client, Headers& headers);

}  // namespace llmgw
