// One attempt: the call put to one target, and what came of it as far as that can be seen before anything of it reaches
// the client.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "core/gateway/exchange.hpp"
#include "core/gateway/passthrough.hpp"
#include "core/route/plan.hpp"
#include "core/route/retry.hpp"
#include "core/usage/tap.hpp"

namespace llmgw {

// How closely an attempt is looked at. Nothing is read for it that would not be read anyway, unless another attempt
// could follow.
struct Looking {
    bool one_more = false;      // another attempt may follow
    bool at_errors = false;     // what error it is that the upstream answered with
    bool at_beginning = false;  // hold an answer's beginning back until it can be trusted
    // A stream may be silent for so long before its first event; nullopt: as the settings say.
    std::optional<std::chrono::milliseconds> silence_max;
};

struct Attempted {
    // What the upstream said, to be passed on to the client: well, or the error that `failure` is about.
    std::optional<Answer> answer;
    // How it was said, for an answer that is passed on after later attempts.
    DialectId dialect = DialectId::openai_chat;
    std::shared_ptr<Translation> translation;
    const PlannedTarget* target = nullptr;

    std::optional<AttemptFailure> failure;  // none: this is the answer
    std::optional<Error> error;             // llmgw's own, when there is nothing to pass on
    // For the attempt's row.
    std::string message;
    Ending ending = Ending::failed;
    TapFacts facts;
};

Attempted try_target(Exchange& exchange, const PlannedTarget& planned, const Looking& looking);

}  // namespace llmgw
