#include "core/gateway/usage_request.hpp"

#include "core/util/json_scan.hpp"

namespace llmgw {

std::string ask_for_usage(std::string_view body, const Peek& peek) {
    if (peek.include_usage) { return splice(body, *peek.include_usage, "true"); }
    if (peek.stream_options_null) { return splice(body, *peek.stream_options, "{\"include_usage\":true}"); }
    if (peek.stream_options) {
        const auto inside = body.substr(peek.stream_options->at + 1, peek.stream_options->size - 2);
        const bool empty = inside.find_first_not_of(" \t\r\n") == std::string_view::npos;
        return splice(body, {peek.stream_options->at + 1, 0},
                      empty ? "\"include_usage\":true" : "\"include_usage\":true,");
    }
    return splice(body, {peek.object_at, 0},
                  peek.object_empty ? "\"stream_options\":{\"include_usage\":true}"
                                    : "\"stream_options\":{\"include_usage\":true},");
}

std::string_view hide_usage(std::string_view raw, std::string_view data, std::string& storage) {
    if (data.find("\"usage\"") == std::string_view::npos) { return raw; }
    // The chunk may be cut only where it stands in one piece.
    if (data.data() < raw.data() || data.data() + data.size() > raw.data() + raw.size()) { return raw; }
    std::string_view usage_value;
    std::string_view usage_key;
    std::string_view previous_value;
    std::string_view before_usage;
    bool empty_choices = false;
    json_scan::each_member(data, [&](std::string_view key, const json_scan::Value& value) {
        if (key == "usage") {
            usage_key = key;
            usage_value = value.text;
            before_usage = previous_value;
        } else if (key == "choices" && value.type == json_scan::Type::array) {
            empty_choices = value.text.find_first_not_of(" \t\r\n", 1) == value.text.size() - 1;
        }
        previous_value = value.text;
        return true;
    });
    if (usage_key.empty()) { return raw; }
    const bool has_numbers = usage_value.starts_with('{');
    if (has_numbers && empty_choices) { return {}; }

    // Cut `,"usage":value`, or `"usage":value,` when it is the first member.
    const auto offset = [&](const char* p) { return static_cast<std::size_t>(p - raw.data()); };
    std::size_t from = offset(usage_key.data()) - 1;
    std::size_t to = offset(usage_value.data()) + usage_value.size();
    if (!before_usage.empty()) {
        from = offset(before_usage.data()) + before_usage.size();
    } else {
        const auto next = raw.find_first_not_of(" \t\r\n", to);
        if (next != std::string_view::npos && raw[next] == ',') { to = next + 1; }
    }
    storage.assign(raw.substr(0, from)).append(raw.substr(to));
    return storage;
}

}  // namespace llmgw
