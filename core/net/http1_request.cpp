#include "core/net/http1_request.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::size_t target_bytes_max = 16 * 1024;
constexpr std::size_t fields_max = 256;
constexpr std::size_t length_digits_max = 18;

// RFC 9110, 5.6.2: what a method and a field's name are made of.
constexpr std::array<bool, 256> token_characters = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

bool is_token(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return token_characters[static_cast<unsigned char>(c)]; });
}

// Also bytes beyond ASCII, which say to nobody that something ends.
bool is_value(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; });
}

bool is_target(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

// 0 when it is well, else the status to refuse with.
int read_request_line(std::string_view line, RequestHead& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) { return 400; }
    const auto version = line.substr(last + 1);
    auto target = line.substr(first + 1, last - first - 1);
    if (!is_token(line.substr(0, first)) || !is_target(target)) { return 400; }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") { return version.starts_with("HTTP/") ? 505 : 400; }
    if (target.size() > target_bytes_max) { return 414; }
    head.http_1_0 = version == "HTTP/1.0";
    head.request.method = line.substr(0, first);
    head.request.target = target.substr(0, target.find('#'));
    return 0;
}

std::optional<std::uint64_t> length_of(std::string_view value) {
    if (value.empty() || value.size() > length_digits_max) { return std::nullopt; }
    std::uint64_t length = 0;
    for (const char c : value) {
        if (c < '0' || c > '9') { return std::nullopt; }
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return length;
}

// What the fields say of the framing and the connection.
int decide(RequestHead& head) {
    std::optional<std::uint64_t> length;
    bool close = false;
    bool stay = false;
    int encodings = 0;
    for (const auto& [name, value] : head.request.headers) {
        if (iequals(name, "content-length")) {
            const auto said = length_of(value);
            if (!said || (length && *length != *said)) { return 400; }
            length = said;
        } else if (iequals(name, "transfer-encoding")) {
            if (++encodings > 1 || !iequals(value, "chunked")) { return 501; }
        } else if (iequals(name, "connection")) {
            const auto tokens = lower(value);
            close = close || tokens.find("close") != std::string::npos;
            stay = stay || tokens.find("keep-alive") != std::string::npos;
        } else if (iequals(name, "expect")) {
            head.expects_continue = iequals(value, "100-continue") && !head.http_1_0;
        }
    }
    head.chunked = encodings > 0;
    head.body_bytes = length.value_or(0);
    if (head.chunked && (head.body_bytes > 0 || head.http_1_0)) { return 400; }
    head.keep_alive = !close && (!head.http_1_0 || stay);
    return 0;
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, std::size_t looked_at) {
    // A line feed, and another one behind it or behind a carriage return.
    for (auto at = bytes.find('\n', looked_at < 2 ? 0 : looked_at - 2); at != std::string_view::npos;
         at = bytes.find('\n', at + 1)) {
        const auto rest = bytes.substr(at + 1, 2);
        if (rest.starts_with('\n')) { return at + 2; }
        if (rest == "\r\n") { return at + 3; }
    }
    return 0;
}

std::expected<RequestHead, int> read_request_head(std::string_view text) {
    RequestHead head;
    bool first = true;
    while (!text.empty()) {
        const auto end = text.find('\n');
        // A line feed alone ends a line for some and not for others.
        if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') { return std::unexpected(400); }
        const auto line = text.substr(0, end - 1);
        text.remove_prefix(end + 1);
        if (line.empty()) { break; }
        if (first) {
            first = false;
            if (const int status = read_request_line(line, head); status != 0) { return std::unexpected(status); }
            head.request.headers.reserve(16);
            continue;
        }
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) { return std::unexpected(400); }
        const auto value = without_blanks(line.substr(colon + 1));
        if (!is_value(value)) { return std::unexpected(400); }
        if (head.request.headers.size() == fields_max) { return std::unexpected(431); }
        head.request.headers.emplace_back(line.substr(0, colon), value);
    }
    if (first) { return std::unexpected(400); }
    if (const int status = decide(head); status != 0) { return std::unexpected(status); }
    return head;
}

}  // namespace llmgw
