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
#include "core/util/sse.hpp"

namespace llmgw {

struct Translation {
    const Codec* client = nullptr;
    const Codec* provider = nullptr;
    ChatRequest request;
    Drops drops;  // what was left out, of the request and of the answer
    AnswerWishes wishes;
    bool json_array = false;  // a gemini client that did not ask for alt=sse
    // Of an answer that is to be kept for requests that go on from it: the items before it.
    std::optional<JsonText> items_to_keep;
    std::string previous_id;  // of the answer this one goes on from, "" for none
};

// Reads the exchange's body and writes the target's request into `out`. Sets exchange.translation. Errors: bad_request
// (the body, or something this target can take in no form).
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

// The names of what was dropped, for x-llmgw-dropped; "" when nothing was.
std::string dropped_names(const Drops& drops);

// A stream, event by event.
class StreamTranslator {
public:
    explicit StreamTranslator(const Exchange& exchange);
    // The client's bytes for these events. Valid until the next call.
    std::string_view events(const std::vector<SseEvent>& events);
    std::string_view event(const SseEvent& event);
    // The upstream's stream is over: what was held back. Then either it was complete, or fail() says why not.
    std::string_view end();
    std::string_view fail(const ApiError& error);
    // A word while the upstream is silent, "" when the client's dialect has none.
    std::string_view ping();

private:
    std::string_view encode(const std::vector<AnswerEvent>& said);

    const Exchange& exchange_;
    std::shared_ptr<Translation> translation_;
    const Dialect& client_;
    std::unique_ptr<AnswerDecoder> decoder_;
    std::unique_ptr<AnswerEncoder> encoder_;
    std::vector<AnswerEvent> said_;
    std::string bytes_;
    std::string framed_;
    bool begun_ = false;
    bool over_ = false;
    bool array_open_ = false;
};

}  // namespace llmgw
