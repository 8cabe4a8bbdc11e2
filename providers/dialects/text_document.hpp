// Documents that are text. In the normal form one of text/plain is its text; all others are base64, as files are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

// Whether what is of this type can be read as it is: text/*, JSON, XML and the like.
bool is_text_type(std::string_view media_type);

// For what came in base64: a document of text/plain becomes its text. What is no base64 is taken for the text itself.
void hold_plain_text(part::Media& media);

// The text, in UTF-8, of a document that is text and came with its data; nullopt for all others, and for data that
// cannot be read.
std::optional<std::string> text_of_document(const part::Media& media);

}  // namespace llmgw::wire
