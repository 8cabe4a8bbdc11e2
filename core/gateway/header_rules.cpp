#include "core/gateway/header_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

template <std::size_t N>
bool listed(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a comma-separated list holds `token`.
bool names_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto part = list.substr(0, comma);
        const auto first = part.find_first_not_of(" \t");
        const auto last = part.find_last_not_of(" \t");
        if (first != std::string_view::npos && part.substr(first, last - first + 1) == token) { return true; }
        if (comma == std::string_view::npos) { break; }
        list.remove_prefix(comma + 1);
    }
    return false;
}

constexpr std::array<std::string_view, 5> credential_headers{"authorization", "x-api-key", "x-goog-api-key", "api-key",
                                                             "x-llmgw-key"};

// The connection's own (RFC 9110, 7.6.1), what libcurl sets itself, cookies, and what llmgw decides.
constexpr std::array<std::string_view, 16> connection_headers{"connection",
                                                              "keep-alive",
                                                              "proxy-authenticate",
                                                              "proxy-authorization",
                                                              "proxy-connection",
                                                              "te",
                                                              "trailer",
                                                              "transfer-encoding",
                                                              "upgrade",
                                                              "host",
                                                              "content-length",
                                                              "content-encoding",
                                                              "expect",
                                                              "accept-encoding",
                                                              "cookie",
                                                              "origin"};

constexpr std::array<std::string_view, 25> answer_headers{"content-type",
                                                          "cache-control",
                                                          "date",
                                                          "retry-after",
                                                          "retry-after-ms",
                                                          "request-id",
                                                          "x-request-id",
                                                          "x-should-retry",
                                                          "x-robots-tag",
                                                          "server-timing",
                                                          "openai-organization",
                                                          "openai-processing-ms",
                                                          "openai-version",
                                                          "openai-model",
                                                          "x-openai-request-id",
                                                          "cf-ray",
                                                          "x-groq-region",
                                                          "x-goog-request-id",
                                                          "etag",
                                                          "last-modified",
                                                          "vary",
                                                          "warning",
                                                          "content-language",
                                                          "content-disposition",
                                                          "x-amzn-requestid"};

constexpr std::array<std::string_view, 5> answer_prefixes{"anthropic-", "x-ratelimit-", "ratelimit", "x-codex-",
                                                          "x-models-"};

}  // namespace

std::vector<std::string> presented_credentials(const Headers& headers, std::string_view query_key) {
    std::vector<std::string> found;
    for (const std::string_view wanted : {"x-llmgw-key", "authorization", "x-api-key", "x-goog-api-key", "api-key"}) {
        for (const auto& [name, value] : headers) {
            if (!iequals(name, wanted)) { continue; }
            std::string_view text = value;
            if (wanted == "authorization" && text.size() > 7 && iequals(text.substr(0, 7), "bearer ")) {
                text.remove_prefix(7);
            }
            found.emplace_back(text);
        }
    }
    if (!query_key.empty()) { found.emplace_back(query_key); }
    return found;
}

Headers forwarded_request_headers(const Headers& client) {
    // Connection: X names further headers that belong to the connection.
    const std::string named = lower(find_header(client, "connection"));
    Headers out;
    out.reserve(client.size() + 2);
    for (const auto& [name, value] : client) {
        const auto key = lower(name);
        if (listed(connection_headers, key) || listed(credential_headers, key) || key.starts_with("x-llmgw-") ||
            key.starts_with("x-forwarded-") || key.starts_with("sec-websocket-") || names_token(named, key)) {
            continue;
        }
        out.emplace_back(name, value);
    }
    return out;
}

void attach_key(Headers& headers, AuthStyle style, const std::string& key) {
    switch (style) {
        case AuthStyle::bearer: headers.emplace_back("Authorization", "Bearer " + key); break;
        case AuthStyle::x_api_key: headers.emplace_back("x-api-key", key); break;
        case AuthStyle::x_goog_api_key: headers.emplace_back("x-goog-api-key", key); break;
        case AuthStyle::api_key: headers.emplace_back("api-key", key); break;
    }
}

Headers own_credentials(const Headers& client, std::string_view query_key, std::string_view client_key) {
    Headers out;
    for (const auto& [name, value] : client) {
        const auto key = lower(name);
        if (key == "x-llmgw-key" || !listed(credential_headers, key)) { continue; }
        if (!client_key.empty() && value.find(client_key) != std::string::npos) { continue; }
        out.emplace_back(name, value);
    }
    if (!query_key.empty() && query_key != client_key) { out.emplace_back("x-goog-api-key", query_key); }
    return out;
}

Headers screened_answer_headers(const Headers& upstream, std::string_view secret) {
    Headers out;
    for (const auto& [name, value] : upstream) {
        const auto key = lower(name);
        const bool allowed = listed(answer_headers, key) ||
                             std::any_of(answer_prefixes.begin(), answer_prefixes.end(),
                                         [&](std::string_view prefix) { return key.starts_with(prefix); });
        if (!allowed) { continue; }
        if (!secret.empty() && value.find(secret) != std::string::npos) { continue; }
        out.emplace_back(name, value);
    }
    return out;
}

}  // namespace llmgw
