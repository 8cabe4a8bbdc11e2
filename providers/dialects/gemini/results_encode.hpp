// What tools returned, and files, as parts of a request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/gemini/request_writing.hpp"

namespace llmgw::wire::gemini {

struct EncodedResult {
    std::string call_id;
    std::string part;                // the functionResponse
    std::vector<std::string> files;  // parts to stand after the responses
    std::string as_text;             // for a result whose call is gone
};

// `name` is the function's, as the target knows it.
EncodedResult encode_result(RequestWriting& writing, const part::ToolResult& result, std::string_view name,
                            bool files_inside);

// Stands for a result the client never gave.
std::string missing_result(std::string_view call_id, std::string_view name);

}  // namespace llmgw::wire::gemini
