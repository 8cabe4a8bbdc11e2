// What is told about a call besides its answer. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/ask/answer_text.hpp"
#include "core/usage/row.hpp"

namespace llmgw {

struct AskSchemaVerdict {
    const nlohmann::json* data = nullptr;  // null when the answer is no JSON
    std::vector<std::string> problems;
};

struct AskReport {
    const CallRow& call;
    const AnswerText& answer;
    std::string conversation;  // "" when it is not kept
    const AskSchemaVerdict* schema = nullptr;
};

// The object of --json, pretty, with its line feed. Unknown numbers are null, never 0.
std::string report_json(const AskReport& report);

// One line for people: model, tokens, cost, time, ids.
std::string report_line(const AskReport& report);

// What is worth a warning though the call went well and has text: "" or one sentence.
std::string finish_warning(const CallRow& call, const AnswerText& answer);

// The exit code of a call that failed, and what to tell about it. `body`: what the client got; `key_remedy`: what to do
// about a key that is not taken.
int failure_exit(const CallRow& call);
bool key_was_refused(const CallRow& call);
std::string failure_text(const CallRow& call, const std::string& body, const std::string& key_remedy);

}  // namespace llmgw
