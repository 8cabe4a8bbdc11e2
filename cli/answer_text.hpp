// The words in an answer, for a person at a terminal. Not for translation: everything else is left out.
#pragma once

#include <string>
#include <string_view>

#include "core/model/dialect_id.hpp"

namespace llmgw {

// The text of one stream event's data, "" when it carries none.
std::string event_text(DialectId dialect, std::string_view data);

// The text of a whole answer.
std::string answer_text(DialectId dialect, std::string_view body);

// The message of an error body of any dialect; the body itself when it has no such thing.
std::string error_text(std::string_view body);

}  // namespace llmgw
