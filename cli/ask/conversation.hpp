// What was asked and answered, in the one form that every dialect's request can be made from; and as a line of a file.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/ask/request.hpp"

namespace llmgw {

// A question and its answer. An answer that broke off is kept with what came of it, because the next question may be
// about just that; a question without any answer is not kept, so that asking it again begins where it began.
struct AskExchange {
    std::int64_t at_ms = 0;
    std::string call_id;
    std::string model;   // as it was asked for
    std::string system;  // in force for this question
    std::vector<AskPart> question;
    std::string answer;
    bool complete = true;
    bool operator==(const AskExchange&) const = default;
};

// One line of JSON, its line feed included.
std::string exchange_line(const AskExchange& exchange);
// nullopt for a line that is none: torn by a crash, or of a newer llmgw.
std::optional<AskExchange> parse_exchange(std::string_view line);

struct Conversation {
    std::string id;
    std::vector<AskExchange> exchanges;  // oldest first

    // What there was, as turns; ends with an answer.
    std::vector<AskTurn> turns() const;
};

// The beginning of a question's own words on one line, for lists; a file's name where there are none.
std::string question_title(const AskExchange& exchange);

}  // namespace llmgw
