// The tools of a request for Cohere's own chat API, and the choice among them.
#pragma once

#include <vector>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire {

class CohereTools {
public:
    // Notes what is left out. The request and the names outlive this.
    CohereTools(const ChatRequest& request, const ToolNames& names, Drops& drops);

    // Whether none is sent.
    bool empty() const { return tools_.empty(); }
    // `tools`, `strict_tools` and `tool_choice`.
    void write(JsonWriter& writer);

private:
    bool is_chosen(const Tool& tool) const;
    void hold();
    void write_tool(JsonWriter& writer, const Tool& tool) const;

    const ChatRequest& request_;
    const ToolNames& names_;
    Drops& drops_;
    std::vector<Tool> tools_;
    bool strict_ = false;  // the model is held to their parameters
};

}  // namespace llmgw::wire
