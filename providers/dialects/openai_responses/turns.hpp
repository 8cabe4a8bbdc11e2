// previous_response_id and WebSocket messages of OpenAI Responses.
#pragma once

#include "core/dialect/turns.hpp"

namespace llmgw::wire::responses {

class ResponsesTurns final : public Turns {
public:
    TurnRequest request(std::string_view body) const override;
    Result<JsonText> items(std::string_view body) const override;
    Result<std::string> continued(std::string_view body, std::string_view items) const override;
    Result<JsonText> followed(std::string_view items, std::string_view output) const override;
    std::unique_ptr<TurnReader> reader() const override;
    Result<TurnMessage> message(std::string_view text) const override;
    std::vector<std::string> kept_messages(const std::string& body, const std::string& id,
                                           std::int64_t now_s) const override;
};

}  // namespace llmgw::wire::responses
