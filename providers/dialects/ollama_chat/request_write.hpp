// The parts a request is written by.
#pragma once

#include <string>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::ollama {

// Everything the writing functions look at.
struct Writing {
    const ChatRequest& request;
    const TargetTraits& target;
    Drops& drops;
    ToolNames names;
    std::vector<std::string>
        instructions;  // what the wire has no word for is said to the model, after the system prompt

    // Notes that a setting is lost, under the name its client knows.
    void note(Field field, std::string reason) const {
        drops.note(std::string(name_of(field, request.origin)), std::move(reason));
    }
};

void write_messages(Writing& writing, JsonWriter& writer);

// The list of tools, or nothing where none is offered. What can only be said to the model goes to the instructions, so
// this is called before the messages are written.
void write_tools(Writing& writing, JsonWriter& writer);

// `think`, where it is to be said.
void write_think(Writing& writing, JsonWriter& writer);

}  // namespace llmgw::wire::ollama
