// The stateful side of a dialect: requests that go on from an earlier answer by its id (openai-responses:
// previous_response_id), and the same requests as messages on a WebSocket. Whoever answers in the provider's place
// keeps the items of a conversation and puts them back. No I/O; items are a JSON array, each as it was written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"
#include "core/util/result.hpp"
#include "core/util/sse.hpp"

namespace llmgw {

// An answer that can be gone on from.
struct AnsweredTurn {
    std::string id;
    JsonText output;  // its items
};

// Finds the answer's id and items in what the client gets. Cheap on deltas.
class TurnReader {
public:
    virtual ~TurnReader() = default;
    virtual void event(const SseEvent& sse) = 0;
    virtual void whole(std::string_view body) = 0;
    // Nothing until the answer is over, or when it failed.
    virtual std::optional<AnsweredTurn> turn() const = 0;
};

// What a request says about its place in a conversation.
struct TurnRequest {
    std::string previous_id;  // "" for none
    bool store = true;
};

// A call as a WebSocket's message.
struct TurnMessage {
    std::string body;      // as it is posted: streamed, without what only the message has
    bool generate = true;  // false: nothing is to be asked, only kept
    TurnRequest request;
};

class Turns {
public:
    virtual ~Turns() = default;

    // Of a body that is no object, nothing.
    virtual TurnRequest request(std::string_view body) const = 0;
    // The request's own items. bad_request names the member.
    virtual Result<JsonText> items(std::string_view body) const = 0;
    // The request with these items in front of its own and without the id. All else stays as it was written.
    virtual Result<std::string> continued(std::string_view body, std::string_view items) const = 0;
    // The items with those of an answer behind them.
    virtual Result<JsonText> followed(std::string_view items, std::string_view output) const = 0;
    virtual std::unique_ptr<TurnReader> reader() const = 0;

    // --- WebSocket
    // bad_request says what was expected.
    virtual Result<TurnMessage> message(std::string_view text) const = 0;
    // The messages that answer one with generate false: begun and completed, nothing said.
    virtual std::vector<std::string> kept_messages(const std::string& body, const std::string& id,
                                                   std::int64_t now_s) const = 0;
};

}  // namespace llmgw
