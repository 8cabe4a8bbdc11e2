#include "core/secrets/reference.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

struct Scheme {
    std::string_view prefix;
    KeyKind kind;
};

// auto: is ours alone: a file that says it would bypass what resolve_providers decides about origins.
constexpr std::array file_schemes{
    Scheme{"keychain:", KeyKind::keychain}, Scheme{"env:", KeyKind::env},     Scheme{"file:", KeyKind::file},
    Scheme{"cmd:", KeyKind::cmd},           Scheme{"vault:", KeyKind::vault},
};

constexpr std::string_view how_to =
    "store it with \"llmgw keys set\" and write \"keychain:NAME\" here, or \"env:NAME\", \"file:PATH\" or "
    "\"cmd:COMMAND\"";

bool is_variable_name(std::string_view name) {
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) { return false; }
    return std::ranges::all_of(name,
                               [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
}

}  // namespace

std::optional<KeyReference> parse_reference(std::string_view text) {
    if (text.empty() || text == "none") { return KeyReference{}; }
    if (text == "passthrough") { return KeyReference{.kind = KeyKind::passthrough, .name = {}, .env = {}}; }
    for (const auto& scheme : file_schemes) {
        if (text.starts_with(scheme.prefix)) {
            return KeyReference{
                .kind = scheme.kind, .name = std::string(trim(text.substr(scheme.prefix.size()))), .env = {}};
        }
    }
    if (text.starts_with("auto:")) {
        const auto rest = text.substr(5);
        const auto colon = rest.find(':');
        if (colon == std::string_view::npos) { return std::nullopt; }
        return KeyReference{.kind = KeyKind::automatic,
                            .name = std::string(rest.substr(0, colon)),
                            .env = std::string(rest.substr(colon + 1))};
    }
    return std::nullopt;
}

std::string check_reference(std::string_view text) {
    if (text.empty()) { return "is empty; leave it out, or write \"none\" when this provider needs no key"; }
    const auto reference = parse_reference(text);
    if (reference && reference->kind != KeyKind::automatic) {
        const auto& name = reference->name;
        switch (reference->kind) {
            case KeyKind::none:
            case KeyKind::passthrough: return {};
            case KeyKind::env:
                if (!is_variable_name(name)) { return "must name an environment variable after \"env:\""; }
                break;
            case KeyKind::vault:
                return "uses \"vault:\", which llmgw cannot read yet; use \"cmd:vault kv get -field=FIELD PATH\"";
            default:
                if (name.empty()) { return "has nothing after its \":\""; }
        }
        return {};
    }
    if (is_example_key(text)) { return "holds an example value, not a key; " + std::string(how_to); }
    // A slip in the scheme is worth a hint; anything else that looks like a key is not repeated.
    const auto colon = text.find(':');
    if (colon != std::string_view::npos && colon <= 12) {
        constexpr std::array<std::string_view, 5> names{"keychain", "env", "file", "cmd", "vault"};
        const auto meant = nearest(text.substr(0, colon), names);
        if (!meant.empty()) {
            return "does not start with a known kind of reference; did you mean \"" + std::string(meant) + ":\"?";
        }
    }
    return "holds a key itself, and keys do not belong in this file; " + std::string(how_to);
}

bool is_example_key(std::string_view key) {
    const std::string text = lower(trim(key));
    if (text.empty()) { return false; }
    if (text.find("...") != std::string::npos || text.find("\xe2\x80\xa6") != std::string::npos) { return true; }
    if (text.front() == '<' || text.front() == '$' || text.front() == '{') { return true; }
    std::string letters;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) { letters += c; }
    }
    for (const auto* word : {"changeme", "yourkey", "yourapikey", "yoursecret", "yourtoken", "replaceme", "insertkey",
                             "apikeyhere", "keyhere", "placeholder", "examplekey", "dummykey"}) {
        if (letters.find(word) != std::string::npos) { return true; }
    }
    for (const auto* word : {"key", "apikey", "secret", "token", "password", "test", "todo", "none", "null"}) {
        if (letters == word) { return true; }
    }
    // sk-xxxxxxxx, ********, 00000000
    const auto body = letters.starts_with("skant") ? letters.substr(5)
                      : letters.starts_with("sk")  ? letters.substr(2)
                                                   : letters;
    if (body.starts_with("your")) { return true; }
    return body.empty() || (body.size() >= 4 && body.find_first_not_of(body.front()) == std::string::npos);
}

}  // namespace llmgw
