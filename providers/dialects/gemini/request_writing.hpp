// What the parts of the request encoder share: what is written, for whom, and where losses are noted.
#pragma once

#include <string>
#include <string_view>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"
#include "core/util/result.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::gemini {

struct RequestWriting {
    const ChatRequest& request;
    const TargetTraits& target;
    Drops& drops;
    ToolNames names;

    // A gemini client's own request: its shape is good as it is.
    bool same_dialect() const { return request.origin == DialectId::gemini; }
    std::string tool_name(std::string_view name_space, std::string_view name) const {
        return same_dialect() ? std::string(name) : names.flat(name_space, name);
    }
    // A name of tool_choice, which may leave the namespace out.
    std::string choice_name(std::string_view name) const;
    // What an extra of a gemini client's is called below `prefix`, "" when it is not a direct member of it.
    static std::string_view below(std::string_view prefix, std::string_view path);
    void write_extras(std::string_view prefix, JsonWriter& json) const;
    bool has_extras(std::string_view prefix) const;
};

// Gemini 3 and later: signatures of calls are demanded, files may stand inside tool results.
bool is_gemini_3(const TargetTraits& target);
// Schemas may be JSON Schema as the client wrote them: recorded for 2.0 and all later models, with references, patterns
// and tuples. Gemini 1.x knows the OpenAPI subset only (T5).
bool takes_json_schema(const TargetTraits& target);

// Each writes members into the open object of the body.
void write_contents(RequestWriting& writing, JsonWriter& json);
Result<> write_tools(RequestWriting& writing, JsonWriter& json);
Result<> write_generation_config(RequestWriting& writing, JsonWriter& json);

// Members of thinkingConfig, "" when nothing was wished.
JsonText thinking_config(RequestWriting& writing);

// A file as a part; "" when it cannot be given (noted).
std::string media_part(RequestWriting& writing, const part::Media& media);

}  // namespace llmgw::wire::gemini
