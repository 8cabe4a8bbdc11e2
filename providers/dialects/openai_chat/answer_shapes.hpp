// What chunks and whole answers have in common on their way to a client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::chat {

// {prompt_tokens, completion_tokens, total_tokens, ...}: clients need these three, the details only when known.
std::string usage_json(const Usage& usage);

// The word for a stop. `called`: a call was said; `refused`: words of a refusal were.
std::string_view finish_word(answer::StopReason reason, bool called, bool refused, bool legacy);

// Writes {type: url_citation, ...}; false, and nothing, for a source that has no address. Places are in the whole
// content, of which `offset` code points were said before the citation's part and `said` by now.
bool write_annotation(const part::Citation& citation, std::int64_t offset, std::int64_t said, JsonWriter& writer);

// {content: [...], refusal: ...} from any dialect's.
std::string logprobs_json(const JsonText& raw);

// JSON as one line, for an event's data: line ends stand only between its values.
std::string one_line(std::string_view json);

// An address for an image, "" when there is none.
std::string image_address(const part::Media& media);

std::int64_t code_points(std::string_view text);

// What a call is called by this client: its own name for the tool, and whether the input was bridged.
struct ClientCall {
    std::string name;
    bool custom = false;   // the client declared a custom tool
    bool bridged = false;  // ... and the provider was given a function instead
};

// The client's tools, found by the names the provider was given.
class ClientTools {
public:
    explicit ClientTools(const ChatRequest* request);
    ClientCall find(const part::ToolCall& call) const;
    // Calls go out as function_call: the client declared `functions`.
    bool legacy() const { return legacy_; }

private:
    ToolNames names_;
    bool legacy_ = false;
};

std::string answer_id(const answer::Begin& begin, const AnswerWishes& wishes);
std::string answer_model(const answer::Begin& begin, const AnswerWishes& wishes);
std::int64_t answer_time(const answer::Begin& begin, const AnswerWishes& wishes);

}  // namespace llmgw::wire::chat
