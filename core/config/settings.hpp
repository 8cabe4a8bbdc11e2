// The table of all settings: one row per key feeds the loader, `config show`, `config init`, the docs and the
// test of defaults. A new setting is a member in config.hpp and a row in setting_rows.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/config/config.hpp"

namespace llmgw {

// Where a value lives inside Target; the type of the member is the type of the setting.
template <class Target>
using Slot =
    std::variant<std::string& (*)(Target&), bool& (*)(Target&), std::int64_t& (*)(Target&),
                 std::vector<std::string>& (*)(Target&), std::vector<std::int64_t>& (*)(Target&),
                 TextPairs& (*)(Target&), std::optional<std::string>& (*)(Target&), std::optional<bool>& (*)(Target&)>;

template <class Target>
struct SettingRow {
    std::string_view key;      // server.listen; for a provider's table the last part only
    std::string_view initial;  // the default as TOML text; "" when there is none
    std::string_view doc;      // one line, no full stop
    bool reloadable;           // taken over by a running gateway; otherwise needs a restart
    Slot<Target> slot;
    std::int64_t min = 0;  // bounds of integers
    std::int64_t max = 0;
    std::string_view choices = {};  // words of a string, separated by |
    // What is wrong with the value, "" when nothing is. Called for a string and for each element of a list;
    // never repeats the value where it could be a secret. May bring the value into its normal form.
    std::string (*check)(std::string& value) = nullptr;
    std::string_view example = {};  // in the example file, instead of the default; TOML text
    bool one_is_list = false;       // a list of strings may be written as one string
};

using Setting = SettingRow<Config>;
using ProviderSetting = SettingRow<ProviderConfig>;
using RouteSetting = SettingRow<RouteConfig>;
using RuleSetting = SettingRow<RuleConfig>;

// In the order of the example file; keys of one section follow each other.
std::span<const Setting> settings();

// Keys of a [providers.NAME] table.
std::span<const ProviderSetting> provider_settings();

// Keys of a [routes.NAME] table.
std::span<const RouteSetting> route_settings();

// Keys of one of the [[rules]].
std::span<const RuleSetting> rule_settings();

// [a-z0-9] then [a-z0-9._-], at most 64: what may name a provider. "" or the complaint.
std::string check_provider_name(std::string_view name);

// The effective values as TOML. Holds references to keys, never keys.
std::string show_config(const Config& config);

// A file that sets nothing: every setting as a comment with its default.
std::string example_config();

// The value of a row as TOML text.
std::string show_value(const Setting& row, const Config& config);
std::string show_value(const ProviderSetting& row, const ProviderConfig& provider);
std::string show_value(const RouteSetting& row, const RouteConfig& route);
std::string show_value(const RuleSetting& row, const RuleConfig& rule);

// The routes and rules as TOML.
std::string show_routes(const Config& config);
// The same as a commented example.
std::string example_routes();

}  // namespace llmgw
