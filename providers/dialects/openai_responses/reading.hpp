// Reading a request of this dialect: what the files that share the work of it share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire::responses {

// The first thing that was wrong with a request, said with its path. Readers return false once there is one.
class Reading {
public:
    bool wrong(std::string_view path, std::string_view expected) {
        if (problem_.empty()) { problem_ = std::string(path) + ": expected " + std::string(expected); }
        return false;
    }
    // The string; null leaves `out` as it is.
    bool text(const json_scan::Value& value, std::string_view path, std::string& out) {
        if (value.type == json_scan::Type::null) { return true; }
        auto said = value.as_string();
        if (!said) { return wrong(path, "a string"); }
        out = std::move(*said);
        return true;
    }
    bool flag(const json_scan::Value& value, std::string_view path, std::optional<bool>& out) {
        if (value.type == json_scan::Type::null) { return true; }
        out = value.as_bool();
        return out.has_value() || wrong(path, "true or false");
    }
    const std::string& problem() const { return problem_; }
    bool ok() const { return problem_.empty(); }

private:
    std::string problem_;
};

// A string, or an array of content parts.
bool read_parts(const json_scan::Value& content, const std::string& path, Reading& reading, std::vector<Part>& out);

// An annotation of an output_text part; the same in requests and answers.
part::Citation read_annotation(const json_scan::Value& annotation);

// One entry of `tools`, of a namespace, of additional_tools or of tool_search_output.
bool read_tool(const json_scan::Value& tool, const std::string& path, bool in_messages, Reading& reading,
               ChatRequest& request);
bool read_tool_choice(const json_scan::Value& choice, Reading& reading, ChatRequest& request);

// `input`: items become messages, tool results move to right after their calls.
bool read_input(const json_scan::Value& input, Reading& reading, ChatRequest& request);

// A member nobody here knows, for its own dialect to write again and for others to name.
inline void keep_extra(ChatRequest& request, std::string path, const json_scan::Value& value) {
    if (value.type != json_scan::Type::null) { request.extras.emplace_back(std::move(path), value.text); }
}

}  // namespace llmgw::wire::responses
