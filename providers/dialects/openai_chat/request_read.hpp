// The parts a request is read by. Each reads one value, says what is wrong with it in a Fault, and puts members that
// have no place in the normal form into `extras`, by path.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/chat_request.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/openai_chat/fault.hpp"

namespace llmgw::wire::chat {

using Extras = std::vector<std::pair<std::string, JsonText>>;

struct Reading {
    Fault fault;
    Extras extras;
    std::set<std::string, std::less<>> custom_calls;  // ids of calls of custom tools
    // Legacy functions: their calls have no ids. The id made for the last call of each name.
    std::map<std::string, std::string, std::less<>> function_calls;
    std::size_t calls_made = 0;

    // Null is what clients write for "not said".
    void extra(std::string path, const json_scan::Value& value) {
        if (value.type != json_scan::Type::null) { extras.emplace_back(std::move(path), value.text); }
    }
};

// Tool.server_type of functions that came as `functions`, the form before `tools`: their calls go back as
// `function_call`.
inline constexpr std::string_view legacy_functions = "functions";

// Values of one type; null and anything else are a fault, except that null counts as not said where a value may be
// left out.
std::string read_string(const json_scan::Value& value, std::string_view path, Fault& fault);
std::optional<bool> read_bool(const json_scan::Value& value, std::string_view path, Fault& fault);
std::optional<std::int64_t> read_int(const json_scan::Value& value, std::string_view path, Fault& fault);
JsonText read_number(const json_scan::Value& value, std::string_view path, Fault& fault);
JsonText read_object(const json_scan::Value& value, std::string_view path, Fault& fault);

// cache_control as OpenRouter and Anthropic write it, or prompt_cache_breakpoint.
CacheMark read_cache_mark(const json_scan::Value& value);

// "data:image/png;base64,..." is taken apart; any other address is a url.
void set_address(part::Media& media, std::string address);

// `content`: a string or a list of parts.
std::vector<Part> read_content(const json_scan::Value& content, std::string_view path, Reading& reading);

void read_messages(const json_scan::Value& messages, Reading& reading, std::vector<Message>& out);

void read_tools(const json_scan::Value& tools, Reading& reading, std::vector<Tool>& out);
void read_functions(const json_scan::Value& functions, Reading& reading, std::vector<Tool>& out);
// tool_choice and the older function_call.
void read_tool_choice(const json_scan::Value& value, std::string_view path, Reading& reading, ToolChoice& out);

}  // namespace llmgw::wire::chat
