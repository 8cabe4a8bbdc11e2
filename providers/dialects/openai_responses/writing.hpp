// Writing a request of this dialect: what the files that share the work of it share.
#pragma once

#include <string>
#include <string_view>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::responses {

struct Writing {
    const ChatRequest& request;
    const TargetTraits& target;
    Drops& drops;
    ToolNames names;
    bool own;  // the client spoke this dialect: what it wrote is written again
};

enum class Side { input, output };  // what the model is told, and what it said

// Whether anything was written.
bool write_part(const Part& part, Side side, const Writing& writing, JsonWriter& json);

// `instructions` and `input`.
void write_input(const Writing& writing, JsonWriter& json);

// The value of `tools`, "[]" for none, and of `tool_choice`, "" when it was not said.
JsonText tools_json(const Writing& writing);
JsonText tool_choice_json(const Writing& writing);
// Both, and `parallel_tool_calls`.
void write_tools(const Writing& writing, JsonWriter& json);

// The tool as an entry of `tools`; "" when this dialect has none like it.
JsonText tool_json(const Tool& tool, const Writing& writing);

// An annotation; "" when this dialect has none like it. Positions that are not known take in `text_length` code points.
JsonText annotation_json(const part::Citation& citation, std::int64_t text_length);

// call_id as this wire allows it: at most 64 characters.
std::string allowed_call_id(std::string_view id);

}  // namespace llmgw::wire::responses
