// A translated stream, event by event: what the provider's events mean, written as the client's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/emitted_check.hpp"
#include "core/gateway/translation.hpp"
#include "core/util/sse.hpp"

namespace llmgw {

class StreamTranslator {
public:
    explicit StreamTranslator(const Exchange& exchange);
    // The client's bytes for these events. Valid until the next call.
    std::string_view events(const std::vector<SseEvent>& events);
    std::string_view event(const SseEvent& event);
    // The upstream's stream is over: what was held back. Then either it was complete, or fail() says why not.
    std::string_view end();
    std::string_view fail(const ApiError& error);
    // The client's bytes for an answer's own events.
    std::string_view encode(const std::vector<AnswerEvent>& said);
    // A word while the upstream is silent, "" when the client's dialect has none.
    std::string_view ping();
    // The client has been told the end.
    bool over() const { return over_; }

private:
    void check_sent();

    const Exchange& exchange_;
    std::shared_ptr<Translation> translation_;
    const Dialect& client_;
    std::unique_ptr<AnswerDecoder> decoder_;
    std::unique_ptr<AnswerEncoder> encoder_;
    std::unique_ptr<EmittedCheck> check_;  // in debug builds: what is sent keeps its dialect's grammar
    std::vector<AnswerEvent> said_;
    std::string bytes_;
    std::string framed_;
    bool begun_ = false;
    bool over_ = false;
    bool array_open_ = false;
};

}  // namespace llmgw
