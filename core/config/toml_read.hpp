// Values of the configuration read from toml++ nodes. For core/config/load*.cpp alone, which are the files that see
// toml++.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/config/settings.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"

namespace llmgw::toml_read {

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
    std::size_t size() const { return rows_.size(); }
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

inline std::string_view type_name(const toml::node& node) {
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

inline std::vector<std::string_view> split(std::string_view words, char separator) {
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
    void operator()(std::optional<bool>& (*slot)(Target&)) const {
        const auto* value = node_.as_boolean();
        if (value == nullptr) { return wrong_type(node_, "true or false"); }
        slot(target_) = value->get();
    }
    void operator()(std::vector<std::int64_t>& (*slot)(Target&)) const {
        const auto expected = fmt::format("a list of integers between {} and {}", row_.min, row_.max);
        const auto* list = node_.as_array();
        if (list == nullptr) { return wrong_type(node_, expected); }
        std::vector<std::int64_t> values;
        for (const auto& element : *list) {
            const auto* value = element.as_integer();
            if (value == nullptr || value->get() < row_.min || value->get() > row_.max) {
                complain(element, "must be " + expected);
                continue;
            }
            values.push_back(value->get());
        }
        slot(target_) = std::move(values);
    }
    void operator()(TextPairs& (*slot)(Target&)) const {
        constexpr auto expected = "a table of strings";
        const auto* table = node_.as_table();
        if (table == nullptr) { return wrong_type(node_, expected); }
        TextPairs pairs;
        for (const auto& [name, element] : *table) {
            if (auto text = string_of(element, expected)) { pairs.emplace_back(name.str(), std::move(*text)); }
        }
        slot(target_) = std::move(pairs);
    }
    void operator()(std::vector<std::string>& (*slot)(Target&)) const {
        if (row_.one_is_list && node_.is_string()) {
            if (auto text = string_of(node_, "a string")) { slot(target_) = {std::move(*text)}; }
            return;
        }
        const auto expected = row_.one_is_list ? "a string or a list of strings" : "a list of strings";
        const auto* list = node_.as_array();
        if (list == nullptr) { return wrong_type(node_, expected); }
        std::vector<std::string> values;
        for (const auto& element : *list) {
            auto text = string_of(element, expected);
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

inline void unknown_key(const toml::key& key, const std::string& where, std::span<const std::string_view> names,
                        Findings& findings) {
    std::string what = fmt::format("unknown key \"{}\"{}", key.str(), where);
    const auto hint = did_you_mean(key.str(), names);
    what += hint.empty() ? "; expected " + one_of(names) : hint;
    findings.add(key.source().begin, what);
}

// The keys of one table into `target`. `shown` is the table's full name.
template <class Target>
void read_table(const toml::table& table, const std::string& shown, std::span<const SettingRow<Target>> rows,
                Target& target, Findings& findings) {
    std::vector<std::string_view> names;
    for (const auto& row : rows) {
        names.push_back(row.key);
    }
    for (const auto& [name, value] : table) {
        const auto row = std::ranges::find(rows, name.str(), &SettingRow<Target>::key);
        if (row == rows.end()) {
            unknown_key(name, fmt::format(" in [{}]", shown), names, findings);
            continue;
        }
        std::visit(Store<Target>(*row, shown + "." + std::string(row->key), value, target, findings), row->slot);
    }
}

// The [routes] table and the list of [[rules]].
void read_routes(const toml::table& table, Config& config, Findings& findings);
void read_rules(const toml::key& key, const toml::node& node, Config& config, Findings& findings);

}  // namespace llmgw::toml_read
