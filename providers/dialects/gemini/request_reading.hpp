// What the parts of the request decoder share: the request so far, and the first thing that is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire::gemini {

// A call of the history, for results that do not say which one they answer.
struct CallMade {
    std::string id;
    std::string name;
    bool had_id = false;
    bool answered = false;
};

struct RequestReading {
    ChatRequest request;
    std::string fault;  // "contents[2].parts: expected an array"
    std::vector<CallMade> calls;

    // Keeps the first fault. False, so that visitors can stop with it.
    bool refuse(std::string_view path, std::string_view expected);
    // The unescaped string; false with a fault when it is none. null leaves `out` alone.
    bool take(const json_scan::Value& value, std::string_view path, std::string& out);
    bool take_bool(const json_scan::Value& value, std::string_view path, std::optional<bool>& out);
    bool take_int(const json_scan::Value& value, std::string_view path, std::optional<std::int64_t>& out);
    // The number as written.
    bool take_number(const json_scan::Value& value, std::string_view path, JsonText& out);
    void extra(std::string path, const json_scan::Value& value) {
        request.extras.emplace_back(std::move(path), std::string(value.text));
    }
};

// Each returns false when there is a fault.
bool read_contents(const json_scan::Value& contents, RequestReading& reading);
bool read_system(const json_scan::Value& instruction, RequestReading& reading);
bool read_tools(const json_scan::Value& tools, RequestReading& reading);
bool read_tool_config(const json_scan::Value& config, RequestReading& reading);
bool read_generation_config(const json_scan::Value& config, RequestReading& reading);

// inlineData or fileData. The bytes come out in the standard base64 alphabet.
bool read_media(std::string_view kind, const json_scan::Value& value, const std::string& path, RequestReading& reading,
                part::Media& media);

// A functionResponse, matched with the call it answers.
bool read_function_response(const json_scan::Value& value, const std::string& path, RequestReading& reading,
                            part::ToolResult& result);

}  // namespace llmgw::wire::gemini
