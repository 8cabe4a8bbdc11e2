// A question made ready: what was typed, the conversation it goes on with, the model, and the request all that makes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/ask/conversations.hpp"
#include "cli/ask/options.hpp"
#include "cli/ask/schema.hpp"
#include "cli/environment.hpp"
#include "cli/setup.hpp"
#include "core/net/http.hpp"
#include "core/route/resolve.hpp"

namespace llmgw {

// All that is known before anything is sent.
struct AskQuestion {
    Conversation before;  // its id is set, also for a new one
    bool keep = true;
    std::vector<AskPart> parts;
    std::string model;
    std::string system;
    std::optional<JsonSchema> schema;
    Target target;  // of a route, the first: the question is written for it, and may go to another
    bool routed = false;
    DialectId dialect = DialectId::openai_chat;
    HttpRequest request;
};

// Reads files, the schema, standard input and the conversation; sends nothing. Errors (usage, not_found, io) say what
// to do. What a schema asks for that is not checked is told on standard error.
Result<AskQuestion> prepare_question(const AskOptions& options, const Setup& setup, const Conversations& kept,
                                     const Environment& env);

}  // namespace llmgw
