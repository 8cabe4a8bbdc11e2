#include "core/telemetry/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace llmgw {
namespace {

constexpr std::size_t secret_bytes_min = 6;

struct Known {
    std::shared_mutex mutex;
    std::vector<std::string> values;
    std::deque<std::vector<std::string>> passing;  // the forms of each, the newest last

    // Calls `see` with every value.
    void each(const auto& see) const {
        for (const auto& value : values) {
            see(value);
        }
        for (const auto& forms : passing) {
            for (const auto& value : forms) {
                see(value);
            }
        }
    }
};

Known& known() {
    static Known instance;
    return instance;
}

struct Range {
    std::size_t begin;
    std::size_t end;
};

bool alnum(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// What keys are made of. The star is for keys that a provider echoes with their middle masked.
bool key_char(char c) {
    return alnum(c) || c == '-' || c == '_' || c == '*';
}

bool starts_with_ci(std::string_view text, std::size_t at, std::string_view lower_case) {
    if (text.size() - at < lower_case.size()) { return false; }
    for (std::size_t i = 0; i < lower_case.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(text[at + i])) != lower_case[i]) { return false; }
    }
    return true;
}

std::size_t end_of_run(std::string_view text, std::size_t at) {
    while (at < text.size() && key_char(text[at])) {
        ++at;
    }
    return at;
}

// A value ends where no header, URL, JSON string or sentence carries one on.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    return std::min(text.find_first_of(" \t\r\n\"'&#,;<>()[]{}\\", at), text.size());
}

struct Prefix {
    std::string_view text;
    std::size_t rest_min;  // key characters that must follow, so that words are left alone
};

constexpr std::array key_prefixes{
    Prefix{"sk-", 8},          Prefix{"sk_", 16},  Prefix{"AIza", 16},  Prefix{"xai-", 8},  Prefix{"gsk_", 8},
    Prefix{"llmgw-", 20},      Prefix{"hf_", 16},  Prefix{"nvapi-", 8}, Prefix{"csk-", 8},  Prefix{"pplx-", 8},
    Prefix{"github_pat_", 16}, Prefix{"ghp_", 16}, Prefix{"gho_", 16},  Prefix{"ghs_", 16}, Prefix{"fw_", 16},
    Prefix{"tgp_v1_", 8},      Prefix{"AKIA", 16}, Prefix{"ya29.", 8},  Prefix{"r8_", 16},  Prefix{"AQ.", 16},
};

void find_prefixed(std::string_view text, std::vector<Range>& out) {
    for (const auto& prefix : key_prefixes) {
        for (auto at = text.find(prefix.text); at != std::string_view::npos; at = text.find(prefix.text, at + 1)) {
            if (at > 0 && alnum(text[at - 1])) { continue; }
            const auto end = end_of_run(text, at + prefix.text.size());
            if (end - at - prefix.text.size() >= prefix.rest_min) { out.push_back({at, end}); }
        }
    }
}

// "****abcd": what some providers leave of a key in their 401.
void find_masked(std::string_view text, std::vector<Range>& out) {
    for (auto at = text.find("***"); at != std::string_view::npos; at = text.find("***", at)) {
        auto begin = at;
        while (begin > 0 && key_char(text[begin - 1])) {
            --begin;
        }
        const auto end = end_of_run(text, at);
        out.push_back({begin, end});
        at = end;
    }
}

// Words that follow "Bearer" in sentences.
constexpr std::array<std::string_view, 6> bearer_words{"token",         "tokens", "auth",
                                                       "authorization", "scheme", "authentication"};

void find_bearer(std::string_view text, std::vector<Range>& out) {
    constexpr std::string_view word = "bearer";
    for (std::size_t at = 0; at + word.size() < text.size(); ++at) {
        if (!starts_with_ci(text, at, word) || (at > 0 && alnum(text[at - 1]))) { continue; }
        auto begin = at + word.size();
        if (text[begin] != ' ' && text[begin] != '\t') { continue; }
        begin = std::min(text.find_first_not_of(" \t", begin), text.size());
        const auto end = end_of_value(text, begin);
        const auto value = text.substr(begin, end - begin);
        if (!value.empty() && std::ranges::find(bearer_words, value) == bearer_words.end()) {
            out.push_back({begin, end});
        }
    }
}

// name: value, name=value, "name": "value". The query parameter's names are only taken after ? or &, because
// "key=" alone is how our own log names a client key.
constexpr std::array<std::string_view, 7> header_names{"x-api-key", "x-goog-api-key", "x-llmgw-key",        "api-key",
                                                       "api_key",   "authorization",  "proxy-authorization"};
constexpr std::array<std::string_view, 5> query_names{"key", "api_key", "apikey", "access_token", "token"};

void find_named(std::string_view text, std::vector<Range>& out) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '?' || text[at] == '&') {
            for (const auto name : query_names) {
                const auto equals = at + 1 + name.size();
                if (starts_with_ci(text, at + 1, name) && equals < text.size() && text[equals] == '=') {
                    const auto end = end_of_value(text, equals + 1);
                    if (end > equals + 1) { out.push_back({equals + 1, end}); }
                }
            }
            continue;
        }
        if (at > 0 && (alnum(text[at - 1]) || text[at - 1] == '-' || text[at - 1] == '_')) { continue; }
        for (const auto name : header_names) {
            if (!starts_with_ci(text, at, name)) { continue; }
            auto begin = std::min(text.find_first_not_of("\\\" \t", at + name.size()), text.size());
            if (begin == text.size() || (text[begin] != ':' && text[begin] != '=')) { continue; }
            begin = std::min(text.find_first_not_of("\\\"' \t", begin + 1), text.size());
            if (starts_with_ci(text, begin, "bearer ") || starts_with_ci(text, begin, "basic ")) {
                begin = std::min(text.find_first_not_of(" \t", text.find(' ', begin)), text.size());
            }
            const auto end = end_of_value(text, begin);
            // References say where a key lives; they are what messages about api_key are made of.
            const auto value = text.substr(begin, end - begin);
            const bool reference = value.starts_with("keychain:") || value.starts_with("env:") ||
                                   value.starts_with("file:") || value.starts_with("cmd:") ||
                                   value.starts_with("vault:") || value.starts_with("auto:") ||
                                   value == "passthrough" || value == "none";
            if (!value.empty() && !reference) { out.push_back({begin, end}); }
        }
    }
}

std::string json_form(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '"' || c == '\\') { out += '\\'; }
        out += c;
    }
    return out;
}

std::string url_form(std::string_view value) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : value) {
        if (alnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

// The secret itself first; each form once.
std::vector<std::string> forms_of(std::string_view secret) {
    std::vector<std::string> forms{std::string(secret)};
    for (auto form : {json_form(secret), url_form(secret)}) {
        if (std::ranges::find(forms, form) == forms.end()) { forms.push_back(std::move(form)); }
    }
    return forms;
}

}  // namespace

void register_secret(std::string_view secret) {
    if (secret.size() < secret_bytes_min) { return; }
    auto& all = known();
    const std::unique_lock lock(all.mutex);
    std::erase_if(all.passing, [&](const auto& forms) { return forms.front() == secret; });
    for (auto& form : forms_of(secret)) {
        if (std::ranges::find(all.values, form) == all.values.end()) { all.values.push_back(std::move(form)); }
    }
}

void register_passing_secret(std::string_view secret) {
    if (secret.size() < secret_bytes_min) { return; }
    auto& all = known();
    const std::unique_lock lock(all.mutex);
    if (std::ranges::find(all.values, secret) != all.values.end()) { return; }
    // One that is seen again is new again.
    std::erase_if(all.passing, [&](const auto& forms) { return forms.front() == secret; });
    if (all.passing.size() >= passing_secrets_max) { all.passing.pop_front(); }
    all.passing.push_back(forms_of(secret));
}

bool scrub_known_secrets(std::string& text) {
    if (text.size() < secret_bytes_min) { return false; }
    bool replaced = false;
    auto& all = known();
    const std::shared_lock lock(all.mutex);
    all.each([&](const std::string& value) {
        for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at)) {
            text.replace(at, value.size(), redacted_mark);
            replaced = true;
        }
    });
    return replaced;
}

std::string redact(std::string_view text) {
    std::vector<Range> ranges;
    {
        auto& all = known();
        const std::shared_lock lock(all.mutex);
        all.each([&](const std::string& value) {
            // Every occurrence, overlapping ones too: what is left between two hits would be a piece of a secret.
            for (auto at = text.find(value); at != std::string_view::npos; at = text.find(value, at + 1)) {
                ranges.push_back({at, at + value.size()});
            }
        });
    }
    find_prefixed(text, ranges);
    find_masked(text, ranges);
    find_bearer(text, ranges);
    find_named(text, ranges);
    if (ranges.empty()) { return std::string(text); }
    std::ranges::sort(ranges, {}, &Range::begin);
    std::string out;
    std::size_t copied = 0;
    std::size_t covered = 0;
    for (const auto& range : ranges) {
        if (range.begin >= covered) {
            out += text.substr(copied, range.begin - copied);
            out += redacted_mark;
        }
        covered = std::max(covered, range.end);
        copied = covered;
    }
    out += text.substr(copied);
    return out;
}

}  // namespace llmgw
