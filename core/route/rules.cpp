#include "core/route/rules.hpp"

#include <algorithm>
#include <cctype>

#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

char small(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches_pattern(pattern, text); });
}

std::string metadata_value(std::string_view metadata, std::string_view name) {
    std::string value;
    json_scan::each_member(metadata, [&](std::string_view key, const json_scan::Value& member) {
        if (key == name) { value = member.as_string().value_or(""); }
        return true;
    });
    return value;
}

bool in_hours(const std::pair<int, int>& hours, int hour) {
    if (hours.first < hours.second) { return hour >= hours.first && hour < hours.second; }
    return hour >= hours.first || hour < hours.second;
}

bool said_and_other(const std::optional<bool>& wanted, bool is) {
    return wanted && *wanted != is;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
    // Where to go on when what follows the last star does not fit here.
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    std::size_t p = 0;
    std::size_t t = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && small(pattern[p]) == small(text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool holds(const Rule& rule, const CallFacts& facts) {
    const auto& asks = rule.asks;
    if (!any_matches(asks.model, facts.model) || !any_matches(asks.feature, facts.feature) ||
        !any_matches(asks.client_key, facts.client_key) || !any_matches(asks.user, facts.user) ||
        !any_matches(asks.agent, facts.agent)) {
        return false;
    }
    for (const auto& [name, pattern] : asks.metadata) {
        if (!matches_pattern(pattern, metadata_value(facts.metadata, name))) { return false; }
    }
    for (const auto& [name, pattern] : asks.headers) {
        const auto value = facts.headers != nullptr ? find_header(*facts.headers, name) : std::string_view();
        if (value.empty() || !matches_pattern(pattern, value)) { return false; }
    }
    if (rule.hours && !in_hours(*rule.hours, facts.local_hour)) { return false; }
    if (said_and_other(asks.background, false) && facts.agent.empty()) { return false; }
    const bool wants_body =
        asks.background || asks.image || asks.tools || asks.thinking || asks.tokens_above > 0 || asks.tokens_below > 0;
    if (!wants_body) { return true; }
    const auto& needs = facts.of_body().needs;
    if (said_and_other(asks.image, needs.images) || said_and_other(asks.tools, needs.tools) ||
        said_and_other(asks.thinking, needs.thinking) || said_and_other(asks.background, facts.background())) {
        return false;
    }
    return (asks.tokens_above == 0 || needs.input_tokens > asks.tokens_above) &&
           (asks.tokens_below == 0 || needs.input_tokens < asks.tokens_below);
}

const Rule* first_rule(std::span<const Rule> rules, const CallFacts& facts) {
    const auto found = std::ranges::find_if(rules, [&](const Rule& rule) { return holds(rule, facts); });
    return found == rules.end() ? nullptr : &*found;
}

Way find_way(const RouteTable& table, const CallFacts& facts) {
    if (const auto* rule = first_rule(table.rules(), facts)) { return {rule->route, rule}; }
    return {table.find(facts.model), nullptr};
}

}  // namespace llmgw
