// The one file that sees toml++.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include "core/config/config.hpp"
#include "core/config/listen.hpp"
#include "core/config/settings.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

class Findings {
public:
    explicit Findings(std::string path) : path_(std::move(path)) {}

    std::string place(const toml::source_position& at) const {
        return fmt::format("{}:{}:{}", path_, at.line, at.column);
    }
    void add(const toml::source_position& at, const std::string& what) {
        rows_.push_back({at.line, at.column, place(at) + ": " + what});
    }
    bool empty() const { return rows_.empty(); }
    // In the order of the file, which is the order they are repaired in.
    std::string text() {
        std::ranges::stable_sort(
            rows_, [](const Row& a, const Row& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; });
        std::string out;
        for (const auto& row : rows_) {
            if (!out.empty()) { out += '\n'; }
            out += row.text;
        }
        // A key in the wrong place must not come out of an error message.
        return redact(out);
    }

private:
    struct Row {
        toml::source_index line;
        toml::source_index column;
        std::string text;
    };
    std::string path_;
    std::vector<Row> rows_;
};

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "a list";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a number with a fraction";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::none: break;
        default: return "a date or time";
    }
    return "nothing";
}

std::vector<std::string_view> split(std::string_view words, char separator) {
    std::vector<std::string_view> out;
    while (!words.empty()) {
        const auto end = std::min(words.find(separator), words.size());
        out.push_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return out;
}

// Stores one value. `shown` is the key's full name for messages.
template <class Target>
class Store {
public:
    Store(const SettingRow<Target>& row, std::string shown, const toml::node& node, Target& target, Findings& findings)
        : row_(row), shown_(std::move(shown)), node_(node), target_(target), findings_(findings) {}

    void operator()(std::string& (*slot)(Target&)) const {
        if (auto text = string_of(node_, "a string")) { slot(target_) = std::move(*text); }
    }
    void operator()(std::optional<std::string>& (*slot)(Target&)) const {
        if (auto text = string_of(node_, "a string")) { slot(target_) = std::move(*text); }
    }
    void operator()(bool& (*slot)(Target&)) const {
        const auto* value = node_.as_boolean();
        if (value == nullptr) { return wrong_type(node_, "true or false"); }
        slot(target_) = value->get();
    }
    void operator()(std::int64_t& (*slot)(Target&)) const {
        const auto* value = node_.as_integer();
        if (value == nullptr) {
            return wrong_type(node_, fmt::format("an integer between {} and {}", row_.min, row_.max));
        }
        if (value->get() < row_.min || value->get() > row_.max) {
            return complain(
                node_, fmt::format("must be an integer between {} and {}, not {}", row_.min, row_.max, value->get()));
        }
        slot(target_) = value->get();
    }
    void operator()(std::vector<std::string>& (*slot)(Target&)) const {
        const auto* list = node_.as_array();
        if (list == nullptr) { return wrong_type(node_, "a list of strings"); }
        std::vector<std::string> values;
        for (const auto& element : *list) {
            auto text = string_of(element, "a list of strings");
            if (!text) { continue; }
            if (std::ranges::find(values, *text) != values.end()) {
                complain(element, "has this value twice");
                continue;
            }
            values.push_back(std::move(*text));
        }
        slot(target_) = std::move(values);
    }

private:
    std::optional<std::string> string_of(const toml::node& node, std::string_view expected) const {
        const auto* value = node.as_string();
        if (value == nullptr) {
            wrong_type(node, expected);
            return std::nullopt;
        }
        std::string text = value->get();
        if (!row_.choices.empty()) {
            const auto choices = split(row_.choices, '|');
            if (std::ranges::find(choices, text) == choices.end()) {
                complain(node, "must be " + one_of(choices) + did_you_mean(text, choices));
                return std::nullopt;
            }
        }
        if (row_.check != nullptr) {
            if (const auto complaint = row_.check(text); !complaint.empty()) {
                complain(node, complaint);
                return std::nullopt;
            }
        }
        return text;
    }
    void wrong_type(const toml::node& node, std::string_view expected) const {
        complain(node, fmt::format("must be {}, not {}", expected, type_name(node)));
    }
    void complain(const toml::node& node, const std::string& what) const {
        findings_.add(node.source().begin, shown_ + " " + what);
    }

    const SettingRow<Target>& row_;
    std::string shown_;
    const toml::node& node_;
    Target& target_;
    Findings& findings_;
};

std::string_view section_of(std::string_view key) {
    return key.substr(0, key.find('.'));
}

void unknown_key(const toml::key& key, const std::string& where, std::span<const std::string_view> names,
                 Findings& findings) {
    std::string what = fmt::format("unknown key \"{}\"{}", key.str(), where);
    const auto hint = did_you_mean(key.str(), names);
    what += hint.empty() ? "; expected " + one_of(names) : hint;
    findings.add(key.source().begin, what);
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
    std::vector<std::string_view> names;
    for (const auto& row : provider_settings()) {
        names.push_back(row.key);
    }
    for (const auto& [name, value] : *table) {
        const auto row = std::ranges::find(provider_settings(), name.str(), &ProviderSetting::key);
        if (row == provider_settings().end()) {
            unknown_key(name, fmt::format(" in [{}]", shown), names, findings);
            continue;
        }
        std::visit(Store<ProviderConfig>(*row, shown + "." + std::string(row->key), value, provider, findings),
                   row->slot);
    }
    config.providers.push_back(std::move(provider));
}

void read_root(const toml::table& root, Config& config, Findings& findings) {
    std::vector<std::string_view> names;
    for (const auto& row : settings()) {
        if (names.empty() || names.back() != section_of(row.key)) { names.push_back(section_of(row.key)); }
    }
    names.push_back("providers");
    for (const auto& [key, node] : root) {
        if (std::ranges::find(names, key.str()) == names.end()) {
            unknown_key(key, "", names, findings);
            continue;
        }
        const auto* table = node.as_table();
        if (table == nullptr) {
            findings.add(key.source().begin, fmt::format("{} must be a table, not {}", key.str(), type_name(node)));
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

}  // namespace

Result<Config> parse_config(std::string_view toml_text, const std::string& path) {
    Config config;
    config.path = path;
    Findings findings(path);
    // toml++ 3.3 takes a line end before a value for a control character; CRLF means LF everywhere in TOML.
    std::string text;
    text.reserve(toml_text.size());
    for (std::size_t i = 0; i < toml_text.size(); ++i) {
        if (toml_text[i] == '\r' && i + 1 < toml_text.size() && toml_text[i + 1] == '\n') { continue; }
        text += toml_text[i];
    }
    if (text.starts_with("\xef\xbb\xbf")) { text.erase(0, 3); }
    try {
        const toml::table root = toml::parse(text, path);
        read_root(root, config, findings);
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

Result<Config> load_config(const std::string& path, bool must_exist) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT && !must_exist) { return Config{}; }
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
    return parse_config(text, path);
}

}  // namespace llmgw
