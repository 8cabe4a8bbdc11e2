// In which wire format the call comes that `routes explain` is asked about. Where a name goes that nobody lists, and
// how a target is spoken to, hang on it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/dialect_id.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {

struct AskedFormat {
    DialectId dialect = DialectId::openai_chat;
    std::string_view from;  // option, request, agent or model: what told it
    std::string because;    // for people, when it was not said but assumed; else ""
};

struct AskedBy {
    std::string_view format;  // --format, "" when not given
    std::string_view body;    // the request's, "" when there is none
    std::string_view agent;   // as the log names it
    std::string_view model;
};

// What was said; else what a request with such a body can only be; else what the agent speaks, or what `llmgw ask`
// would take for such a model.
AskedFormat asked_format(const AskedBy& by, const std::vector<Provider>& providers);

}  // namespace llmgw
