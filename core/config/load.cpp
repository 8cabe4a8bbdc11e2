#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include "core/config/config.hpp"
#include "core/config/listen.hpp"
#include "core/config/load_server.hpp"
#include "core/config/settings.hpp"
#include "core/config/toml_read.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

using namespace toml_read;

constexpr std::size_t file_bytes_max = 1 << 20;

std::string_view section_of(std::string_view key) {
    return key.substr(0, key.find('.'));
}

void read_section(std::string_view section, const toml::table& table, Config& config, Findings& findings) {
    std::vector<std::string_view> names;
    for (const auto& row : settings()) {
        if (section_of(row.key) == section) { names.push_back(row.key.substr(section.size() + 1)); }
    }
    for (const auto& [key, node] : table) {
        const auto full = std::string(section) + "." + std::string(key.str());
        const auto row = std::ranges::find(settings(), std::string_view(full), &Setting::key);
        if (row == settings().end()) {
            unknown_key(key, fmt::format(" in [{}]", section), names, findings);
            continue;
        }
        std::visit(Store<Config>(*row, full, node, config, findings), row->slot);
    }
}

void read_provider(const toml::key& key, const toml::node& node, Config& config, Findings& findings) {
    ProviderConfig provider;
    provider.name = key.str();
    provider.where = findings.place(key.source().begin);
    const std::string shown = "providers." + provider.name;
    if (const auto complaint = check_provider_name(provider.name); !complaint.empty()) {
        findings.add(key.source().begin, shown + ": what follows \"providers.\" " + complaint);
        return;
    }
    const auto* table = node.as_table();
    if (table == nullptr) {
        findings.add(key.source().begin, fmt::format("{} must be a table, not {}", shown, type_name(node)));
        return;
    }
    read_table(*table, shown, provider_settings(), provider, findings);
    config.providers.push_back(std::move(provider));
}

void read_root(const toml::table& root, Config& config, Findings& findings) {
    std::vector<std::string_view> names;
    for (const auto& row : settings()) {
        if (names.empty() || names.back() != section_of(row.key)) { names.push_back(section_of(row.key)); }
    }
    names.push_back("providers");
    names.push_back("routes");
    names.push_back("rules");
    for (const auto& [key, node] : root) {
        if (std::ranges::find(names, key.str()) == names.end()) {
            unknown_key(key, "", names, findings);
            continue;
        }
        if (key.str() == "rules") {
            read_rules(key, node, config, findings);
            continue;
        }
        const auto* table = node.as_table();
        if (table == nullptr) {
            findings.add(key.source().begin, fmt::format("{} must be a table, not {}", key.str(), type_name(node)));
            continue;
        }
        if (key.str() == "routes") {
            read_routes(*table, config, findings);
            continue;
        }
        if (key.str() != "providers") {
            read_section(key.str(), *table, config, findings);
            continue;
        }
        for (const auto& [name, value] : *table) {
            read_provider(name, value, config, findings);
        }
    }
}

// Rules about more than one key.
void check_whole(const toml::table& root, const Config& config, Findings& findings) {
    const auto listen = parse_listen(config.server.listen);
    if (!listen) { return; }
    if (const auto exposed = check_exposure(*listen, config.server.require_key); !exposed) {
        const auto node = root["server"]["require_key"];
        findings.add(node ? node.node()->source().begin : toml::source_position{1, 1},
                     "server.listen and server.require_key: " + exposed.error().message);
    }
}

// toml++ points at the value of a key that is there twice; people look for the key.
toml::source_position duplicate_place(std::string_view text, toml::source_position at) {
    for (toml::source_index line = 1; line < at.line; ++line) {
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    }
    const auto first = text.find_first_not_of(" \t");
    if (first != std::string_view::npos) { at.column = static_cast<toml::source_index>(first + 1); }
    return at;
}

std::string plain_words(std::string_view description) {
    // "Error while parsing key-value pair: cannot redefine existing integer 'a'" is said shorter.
    constexpr std::string_view lead = "Error while parsing ";
    if (const auto colon = description.find(": "); description.starts_with(lead)) {
        const auto what = description.substr(colon + 2);
        if (what.starts_with("cannot redefine existing ")) {
            return "duplicate: " + std::string(what) + ", which is set above";
        }
        return "not valid TOML (" + std::string(description.substr(lead.size(), colon - lead.size())) +
               "): " + std::string(what);
    }
    return "not valid TOML: " + std::string(description);
}

// The file's bytes; nullopt when it is missing and need not be there.
Result<std::optional<std::string>> read_text(const std::string& path, bool must_exist) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT && !must_exist) { return std::nullopt; }
        return fail(ErrorKind::config, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    }
    if (S_ISDIR(info.st_mode)) { return fail(ErrorKind::config, path + " is a directory, not a configuration file"); }
    std::ifstream file(path, std::ios::binary);
    if (!file) { return fail(ErrorKind::config, fmt::format("cannot read {}: {}", path, std::strerror(errno))); }
    std::string text(file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > file_bytes_max) {
        return fail(ErrorKind::config, path + " is larger than 1 MiB; that is no configuration file");
    }
    return text;
}

// As toml++ takes it.
std::string prepared(std::string_view toml_text) {
    // toml++ 3.3 takes a line end before a value for a control character; CRLF means LF everywhere in TOML.
    std::string text;
    text.reserve(toml_text.size());
    for (std::size_t i = 0; i < toml_text.size(); ++i) {
        if (toml_text[i] == '\r' && i + 1 < toml_text.size() && toml_text[i + 1] == '\n') { continue; }
        text += toml_text[i];
    }
    if (text.starts_with("\xef\xbb\xbf")) { text.erase(0, 3); }
    return text;
}

// Gives the root table to `read`, which adds what it finds.
template <class Read>
Result<Config> parse_with(std::string_view toml_text, const std::string& path, Read read) {
    Config config;
    config.path = path;
    Findings findings(path);
    const auto text = prepared(toml_text);
    try {
        const toml::table root = toml::parse(text, path);
        read(root, config, findings);
        if (const auto node = root["server"]["v1_provider"]) {
            config.server.v1_provider_where = findings.place(node.node()->source().begin);
        }
        check_whole(root, config, findings);
    } catch (const toml::parse_error& error) {
        auto at = error.source().begin;
        const auto words = plain_words(error.description());
        if (words.starts_with("duplicate")) { at = duplicate_place(text, at); }
        findings.add(at, words);
    }
    if (!findings.empty()) { return fail(ErrorKind::config, findings.text()); }
    return config;
}

}  // namespace

Result<Config> parse_config(std::string_view toml_text, const std::string& path) {
    return parse_with(toml_text, path, read_root);
}

Result<Config> load_config(const std::string& path, bool must_exist) {
    const auto text = read_text(path, must_exist);
    if (!text) { return std::unexpected(text.error()); }
    return *text ? parse_config(**text, path) : Config{};
}

Result<ServerConfig> load_server_config(const std::string& path, bool must_exist) {
    const auto text = read_text(path, must_exist);
    if (!text) { return std::unexpected(text.error()); }
    const auto config =
        parse_with(text->value_or(""), path, [](const toml::table& root, Config& into, toml_read::Findings& findings) {
            if (const auto* table = root["server"].as_table()) { read_section("server", *table, into, findings); }
        });
    if (!config) { return std::unexpected(config.error()); }
    return config->server;
}

}  // namespace llmgw
