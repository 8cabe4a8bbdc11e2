#include "providers/dialects/error_body.hpp"

#include <charconv>
#include <cmath>

#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace {

constexpr std::size_t message_bytes_max = 4000;
constexpr int nesting_max = 4;

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) { return {}; }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void take_status(ErrorFacts& facts, const Value& value) {
    const auto number = value.as_int();
    if (number && *number >= 400 && *number <= 599) { facts.status = static_cast<int>(*number); }
}

// "34.4s" rounded up to whole seconds.
std::optional<int> seconds_in(std::string_view text) {
    double seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const std::string_view unit(read.ptr, static_cast<std::size_t>(text.data() + text.size() - read.ptr));
    if (read.ec != std::errc{} || !unit.starts_with('s') || seconds < 0 || seconds > 86400) { return std::nullopt; }
    return static_cast<int>(std::ceil(seconds));
}

// OpenAI states the wait of an error inside a stream only in its message.
std::optional<int> wait_in_message(std::string_view message) {
    constexpr std::string_view words = "try again in ";
    const auto at = message.find(words);
    if (at == std::string_view::npos) { return std::nullopt; }
    return seconds_in(message.substr(at + words.size()));
}

// Gemini's details[]: ErrorInfo.reason, RetryInfo.retryDelay. FastAPI's detail[]: msg.
void read_details(std::string_view list, ErrorFacts& facts) {
    json_scan::each_element(list, [&](const Value& entry) {
        json_scan::each_member(entry.text, [&](std::string_view key, const Value& value) {
            if (key == "reason") { facts.words.push_back(string_or_empty(value)); }
            if (key == "retryDelay") { facts.retry_after_s = seconds_in(value.raw_string()); }
            if (key == "msg" && facts.message.empty()) { facts.message = string_or_empty(value); }
            return true;
        });
        return true;
    });
}

void read_object(std::string_view object, ErrorFacts& facts, int depth);

// A value that stands where an error is expected.
void read_any(const Value& value, ErrorFacts& facts, int depth) {
    if (value.type == Type::string && facts.message.empty()) { facts.message = string_or_empty(value); }
    if (value.is_object() && depth < nesting_max) { read_object(value.text, facts, depth + 1); }
    if (value.is_array() && depth < nesting_max) {
        json_scan::each_element(value.text, [&](const Value& entry) {
            read_any(entry, facts, depth + 1);
            return false;
        });
    }
}

void read_object(std::string_view object, ErrorFacts& facts, int depth) {
    std::string detail_of_upstream;
    json_scan::each_member(object, [&](std::string_view key, const Value& value) {
        if (key == "error" || key == "innererror" || key == "metadata") {
            read_any(value, facts, depth);
        } else if (key == "message" || key == "msg") {
            if (value.type == Type::string) { facts.message = string_or_empty(value); }
            if (value.is_object() || value.is_array()) { read_any(value, facts, depth); }
        } else if (key == "detail" || key == "details") {
            if (value.is_array()) { read_details(value.text, facts); }
            if (value.type == Type::string && facts.message.empty()) { facts.message = string_or_empty(value); }
        } else if (key == "type" || key == "code" || key == "status" || key == "error_type" || key == "status_code") {
            if (value.type == Type::string) { facts.words.push_back(string_or_empty(value)); }
            if (value.type == Type::number) { take_status(facts, value); }
        } else if (key == "request_id") {
            facts.request_id = string_or_empty(value);
        } else if (key == "raw") {
            // What the host behind the host said (OpenRouter's metadata.raw).
            detail_of_upstream = string_or_empty(value);
        }
        return true;
    });
    if (!detail_of_upstream.empty()) {
        if (!facts.message.empty()) { facts.message += ": "; }
        facts.message += detail_of_upstream;
    }
}

}  // namespace

ErrorFacts read_error_value(const Value& error) {
    ErrorFacts facts;
    read_any(error, facts, 0);
    if (!facts.retry_after_s) { facts.retry_after_s = wait_in_message(facts.message); }
    return facts;
}

ErrorFacts read_error_body(std::string_view body) {
    const std::string_view text = trim(body);
    Value value;
    value.text = text;
    if (text.starts_with('{')) { value.type = Type::object; }
    if (text.starts_with('[')) { value.type = Type::array; }
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') { value.type = Type::string; }
    ErrorFacts facts = read_error_value(value);
    // A page is no message; a line of text is.
    if (facts.message.empty() && !text.starts_with('<') && value.type == Type::null) { facts.message = text; }
    if (facts.message.size() > message_bytes_max) { facts.message.resize(message_bytes_max); }
    return facts;
}

}  // namespace llmgw::wire
