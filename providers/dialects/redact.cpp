// Takes out of a provider's error message what it echoes of a credential or an account: OpenAI's 401 repeats
// twelve characters of the key, DeepSeek's four, rate limit errors name the organisation.
#include <array>
#include <string>
#include <string_view>

#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

namespace {

constexpr std::string_view replacement = "[redacted]";

// How keys and organisation ids begin.
constexpr std::array<std::string_view, 10> secret_prefixes{"sk-", "AIza", "gsk_",   "xai-", "pplx-",
                                                           "hf_", "r8_",  "nvapi-", "org-", "csk-"};

bool is_token_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '*';
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_uuid(std::string_view token) {
    if (token.size() != 36) { return false; }
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? token[i] != '-' : !is_hex(token[i])) { return false; }
    }
    return true;
}

bool is_secret(std::string_view token) {
    if (token.find("***") != std::string_view::npos || is_uuid(token)) { return true; }
    for (const auto prefix : secret_prefixes) {
        if (token.starts_with(prefix) && token.size() >= prefix.size() + 6) { return true; }
    }
    return false;
}

}  // namespace

std::string redact_message(std::string_view message) {
    std::string out;
    out.reserve(message.size());
    std::size_t i = 0;
    while (i < message.size()) {
        std::size_t end = i;
        while (end < message.size() && is_token_char(message[end])) {
            ++end;
        }
        if (end == i) {
            out.push_back(message[i++]);
            continue;
        }
        const std::string_view token = message.substr(i, end - i);
        out.append(is_secret(token) ? replacement : token);
        i = end;
    }
    return out;
}

}  // namespace llmgw::wire
