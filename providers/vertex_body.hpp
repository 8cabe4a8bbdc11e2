// Request bodies as Vertex AI wants them, by splicing.
#pragma once

#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

// The URL names the model, and the version is a member instead of a header. A count keeps its model: its URL has none.
Result<std::string> vertex_claude_body(std::string_view body, bool counting);

// Vertex refuses the `id` of calls and results, which Gemini's own API takes, and wants each content's role. Without
// ids the order of calls and results pairs them.
Result<std::string> vertex_gemini_body(std::string_view body);

}  // namespace llmgw
