#include "providers/dialects/anthropic/request_reading.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

std::string join_path(std::string_view parent, std::string_view key) {
    std::string path(parent);
    if (key.empty() || key.find_first_of(".[]\"") != std::string_view::npos) {
        return path + "[" + json_scan::quote(key) + "]";
    }
    if (!path.empty()) { path += '.'; }
    return path.append(key);
}

ExtraPath split_path(std::string_view path) {
    if (path.ends_with("\"]")) {
        const auto open = path.rfind("[\"");
        if (open != std::string_view::npos) {
            const Value key{Type::string, path.substr(open + 1, path.size() - open - 2)};
            return {std::string(path.substr(0, open)), key.as_string().value_or("")};
        }
    }
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos) { return {"", std::string(path)}; }
    return {std::string(path.substr(0, dot)), std::string(path.substr(dot + 1))};
}

std::string At::text() const {
    if (up == nullptr) { return {}; }
    const std::string parent = up->text();
    return key.empty() ? parent + "[" + std::to_string(index) + "]" : join_path(parent, key);
}

std::string resolved_key(std::string_view written) {
    // The quotes stand next to the key.
    const Value literal{Type::string, {written.data() - 1, written.size() + 2}};
    return literal.as_string().value_or(std::string(written));
}

void RequestReading::wrong(const At& at, std::string_view expected) {
    if (error_) { return; }
    const std::string path = at.text();
    error_ = Error{ErrorKind::bad_request,
                   (path.empty() ? "the request body" : path) + ": expected " + std::string(expected)};
}

bool RequestReading::wants(const Value& value, Type type, const At& at, std::string_view expected) {
    if (value.type == type) { return true; }
    if (value.type != Type::null) { wrong(at, expected); }
    return false;
}

bool RequestReading::is_object(const Value& value, const At& at) {
    return wants(value, Type::object, at, "an object");
}

bool RequestReading::is_array(const Value& value, const At& at) {
    return wants(value, Type::array, at, "an array");
}

std::optional<std::string> RequestReading::text(const Value& value, const At& at) {
    if (!wants(value, Type::string, at, "a string")) { return std::nullopt; }
    auto text = value.as_string();
    if (!text) { wrong(at, "a string of whole characters (it holds half a surrogate pair)"); }
    return text;
}

std::optional<std::int64_t> RequestReading::integer(const Value& value, const At& at) {
    if (!wants(value, Type::number, at, "an integer")) { return std::nullopt; }
    const auto number = value.as_int();
    if (!number) { wrong(at, "an integer"); }
    return number;
}

std::optional<bool> RequestReading::boolean(const Value& value, const At& at) {
    if (!wants(value, Type::boolean, at, "true or false")) { return std::nullopt; }
    return value.as_bool();
}

JsonText RequestReading::number(const Value& value, const At& at) {
    if (!wants(value, Type::number, at, "a number")) { return {}; }
    return std::string(value.text);
}

void RequestReading::extra(const Value& value, const At& at) {
    request_.extras.emplace_back(at.text(), std::string(value.text));
}

}  // namespace llmgw::wire
