// Values of the settings' tables as TOML text.
#pragma once

#include <string>

#include "core/config/settings.hpp"

namespace llmgw {

template <class T>
std::string toml_quote(const T& text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += {digits[byte >> 4], digits[byte & 15]};
        } else {
            out += c;
        }
    }
    return out + '"';
}

inline std::string toml_text(const std::string& value) {
    return toml_quote(value);
}
inline std::string toml_text(bool value) {
    return value ? "true" : "false";
}
inline std::string toml_text(std::int64_t value) {
    return std::to_string(value);
}
inline std::string toml_text(const std::vector<std::string>& values) {
    std::string out = "[";
    for (const auto& value : values) {
        if (out.size() > 1) { out += ", "; }
        out += toml_quote(value);
    }
    return out + "]";
}
inline std::string toml_text(const std::vector<std::int64_t>& values) {
    std::string out = "[";
    for (const auto value : values) {
        out += (out.size() > 1 ? ", " : "") + std::to_string(value);
    }
    return out + "]";
}
inline std::string toml_text(const TextPairs& pairs) {
    std::string out = "{";
    for (const auto& [name, value] : pairs) {
        out += (out.size() > 1 ? ", " : " ") + toml_quote(name) + " = " + toml_quote(value);
    }
    return out.size() > 1 ? out + " }" : "";
}
inline std::string toml_text(const std::optional<bool>& value) {
    return value ? toml_text(*value) : "";
}
inline std::string toml_text(const std::optional<std::string>& value) {
    return value ? toml_quote(*value) : "";
}

// A name as it stands in a table's header.
inline std::string toml_key(const std::string& name) {
    constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return name.find_first_not_of(bare) == std::string::npos ? name : toml_quote(name);
}

template <class Target>
std::string show_slot(const SettingRow<Target>& row, Target target) {
    return std::visit([&](auto slot) { return toml_text(slot(target)); }, row.slot);
}

// What stands in a table, without what need not be written.
template <class Row, class Table>
std::string show_rows(std::span<const Row> rows, const Table& table) {
    std::string out;
    for (const auto& row : rows) {
        const auto value = show_value(row, table);
        if (value.empty() || value == "\"\"" || value == "[]" || value == row.initial) { continue; }
        out += std::string(row.key) + " = " + value + "\n";
    }
    return out;
}

// One key of the example file: its explanation, and itself as a comment.
template <class Row>
std::string example_row(const Row& row, std::string_view key) {
    std::string out = "# " + std::string(row.doc);
    if (!row.choices.empty()) {
        out += " (";
        for (const char c : row.choices) {
            out += c == '|' ? std::string(", ") : std::string(1, c);
        }
        out += ")";
    }
    if (!row.reloadable) { out += "; takes effect at the next start"; }
    return out + "\n#" + std::string(key) + " = " + std::string(row.example.empty() ? row.initial : row.example) + "\n";
}

template <class Row>
std::string example_rows(std::span<const Row> rows) {
    std::string out;
    for (const auto& row : rows) {
        out += example_row(row, row.key);
    }
    return out;
}

}  // namespace llmgw
