// Stop reasons and usage as this wire writes them, for streams and whole answers alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/answer_event.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw::wire {

answer::StopReason stop_reason_of(std::string_view word);

// The word for an answer that ended so. tool_use exactly when a tool call was said and nothing worse happened; a spoken
// refusal counts as one.
std::string_view stop_word(const answer::Finish& finish, bool called, bool refused);

// stop_reason, stop_sequence and, for a refusal, stop_details: members of the object that is open.
void write_stop(JsonWriter& writer, const answer::Finish& finish, bool called, bool refused);

// What stop_details says for people.
std::string explanation_in(std::string_view stop_details);

// A usage object. Clients want numbers for input and output: 0 where nothing is known.
void write_usage(JsonWriter& writer, const Usage& usage);

// The id of the message: the upstream's, recognisable as one of this wire's.
std::string message_id(std::string_view upstream, std::string_view call_id);

// A citation as this wire writes it, "" for one that it cannot say.
JsonText citation_json(const part::Citation& citation);

// The signature field of a thinking block, or redacted_thinking's data: this wire's own value plainly, another's in an
// envelope.
std::string seal_field(const Sealed& sealed);

// A seal on a text (Gemini's thought signatures) has no field here. It travels in an empty thinking block behind the
// text; the envelope's item id says that it belongs to that text, or to a text of its own that was empty.
inline constexpr std::string_view seal_of_text = "text";
inline constexpr std::string_view seal_of_empty_text = "empty-text";
std::string text_seal_field(const Sealed& sealed, bool empty_text);

}  // namespace llmgw::wire
