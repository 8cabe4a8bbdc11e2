#include "cli/keys/keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "cli/secret_input.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/client_key.hpp"
#include "core/secrets/reference.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"
#include "providers/catalogue.hpp"

namespace llmgw {
namespace {

bool in_keychain(const KeyReference& reference) {
    return reference.kind == KeyKind::keychain || reference.kind == KeyKind::automatic;
}

KeyTarget configured_target(const Provider& provider) {
    const auto reference = parse_reference(provider.api_key).value_or(KeyReference{});
    const bool uses = in_keychain(reference);
    return {provider, uses ? reference.name : provider.name, true, uses};
}

KeyTarget catalogue_target(const CatalogueEntry& entry) {
    Provider provider;
    provider.name = provider.type = provider.price_list = entry.name;
    provider.base_url = entry.base_url;
    provider.auth = entry.auth;
    provider.dialects = entry.dialects;
    provider.stream_usage = entry.stream_usage;
    provider.local = provider.may_be_llmgw = entry.local;
    provider.api_key = "keychain:" + provider.name;
    return {provider, provider.name, false, true};
}

constexpr std::array<std::string_view, 7> quotes{"\"", "'", "`", "\u201c", "\u201d", "\u2018", "\u2019"};

// The shortest in use are the made-up ones of people's own servers.
constexpr std::size_t key_bytes_min = 6;

// ANTHROPIC_API_KEY=sk-..., also with export. What ends in the padding of base64 is none.
bool is_assignment(std::string_view text) {
    constexpr std::string_view word = "export ";
    if (text.starts_with(word)) { text = trim(text.substr(word.size())); }
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos ||
        text.find_first_not_of('=', equals) == std::string_view::npos) {
        return false;
    }
    return std::ranges::all_of(text.substr(0, equals),
                               [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
}

bool is_quoted(std::string_view text) {
    return std::ranges::any_of(
        quotes, [text](std::string_view quote) { return text.starts_with(quote) || text.ends_with(quote); });
}

// "" or why this cannot be a key. Never repeats it.
std::string complaint_about(const std::string& key, const Provider& provider) {
    if (key.empty()) { return "no key was given"; }
    if (is_assignment(key)) {
        return "that is NAME=VALUE, a line of a settings file; give the value alone; nothing was stored";
    }
    if (is_quoted(key)) { return "there are quotes around it; give the key without them; nothing was stored"; }
    if (is_example_key(key)) { return "that is an example value, not a key; nothing was stored"; }
    if (!provider.may_be_llmgw && is_client_key(key)) {
        return fmt::format("that is llmgw's own client key, not a key of {}'s; nothing was stored", provider.name);
    }
    if (std::ranges::any_of(key, [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte <= 0x20 || byte == 0x7f;
        })) {
        return "a key has no spaces or control characters; nothing was stored";
    }
    if (std::ranges::any_of(key, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        return "a key has plain letters, digits and signs only (ASCII); nothing was stored";
    }
    if (key.size() < key_bytes_min) { return "that is too short to be a key; nothing was stored"; }
    return {};
}

}  // namespace

std::vector<Provider> one_for_each_key(const std::vector<Provider>& providers) {
    std::vector<Provider> out;
    for (const auto& provider : providers) {
        for (const auto& reference : provider.key_references()) {
            out.push_back(provider);
            out.back().api_key = reference;
            out.back().api_keys.clear();
        }
    }
    return out;
}

Result<KeyTarget> find_key_target(const Setup& setup, const std::string& name) {
    std::vector<std::string_view> names;
    for (const auto& provider : setup.providers) {
        if (provider.name == name) { return configured_target(provider); }
        names.push_back(provider.name);
    }
    for (const auto& provider : one_for_each_key(setup.providers)) {
        auto target = configured_target(provider);
        if (target.uses_entry && target.entry == name) { return target; }
    }
    for (const auto& entry : catalogue()) {
        if (entry.name == name && entry.base_url.empty()) {
            // A key is stored for one origin, and only the configuration knows this one's.
            return fail(ErrorKind::usage,
                        fmt::format("{0} has no address of its own: write its [providers.{0}] table first", name));
        }
        if (entry.name == name) { return catalogue_target(entry); }
        if (std::ranges::find(names, entry.name) == names.end()) { names.push_back(entry.name); }
    }
    if (redact(name) != name) { return fail(ErrorKind::usage, std::string(not_on_the_command_line)); }
    const auto hint = did_you_mean(name, names);
    return fail(ErrorKind::usage, fmt::format("there is no provider \"{}\"{}", name,
                                              hint.empty() ? "; known are " + one_of(names) : hint));
}

Result<std::string> read_new_key(const std::string& what, const KeyTarget& target) {
    auto key = read_secret(fmt::format("{} for {} ({}), not shown: ", what, target.provider.name, target.origin()));
    if (!key) { return key; }
    if (const auto complaint = complaint_about(*key, target.provider); !complaint.empty()) {
        wipe(*key);
        return fail(ErrorKind::credential, complaint);
    }
    return key;
}

std::chrono::milliseconds limit_of(const KeysOptions& options, std::chrono::seconds usual) {
    return options.timeout_s > 0 ? std::chrono::seconds(options.timeout_s) : usual;
}

std::unique_ptr<Keychain> open_keychain(const Environment& env, const KeysOptions& options,
                                        std::chrono::seconds usual) {
    return make_system_keychain(env.self, limit_of(options, usual));
}

}  // namespace llmgw
