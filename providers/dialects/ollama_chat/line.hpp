// One line of a stream, or a whole answer, which is a line that says everything.
#pragma once

#include <optional>
#include <string_view>

#include "core/model/usage.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire::ollama {

// Its members as they are written; the views are the text's.
struct Line {
    std::optional<json_scan::Value> model;
    std::optional<json_scan::Value> created_at;
    std::optional<json_scan::Value> content;   // message.content, or the response of /api/generate
    std::optional<json_scan::Value> thinking;  // message.thinking, or thinking
    std::optional<json_scan::Value> tool_calls;
    std::optional<json_scan::Value> logprobs;
    std::optional<json_scan::Value> done_reason;
    std::optional<json_scan::Value> error;
    bool done = false;
    bool answers = false;  // one of these is there: message, response, done
};

// nullopt when it is no JSON object.
std::optional<Line> read_line(std::string_view json);

// A model that was only loaded counts nothing, which is not 0 tokens.
inline bool counts_something(const Usage& usage) {
    return usage.counts.input || usage.counts.output;
}

}  // namespace llmgw::wire::ollama
