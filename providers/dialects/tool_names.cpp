#include "providers/dialects/tool_names.hpp"

#include <algorithm>

#include "core/util/sha256.hpp"

namespace llmgw::wire {

namespace {

constexpr std::size_t name_max = 64;
constexpr std::size_t hash_digits = 8;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_allowed(char c, NameAlphabet alphabet) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || (c == '-' && alphabet == NameAlphabet::with_dash);
}

std::string with_hash(std::string name, std::string_view what_it_was) {
    name.resize(std::min(name.size(), name_max - hash_digits - 1));
    return name + "_" + sha256_hex(what_it_was).substr(0, hash_digits);
}

std::string joined(std::string_view name_space, std::string_view name) {
    return is_default_namespace(name_space) ? std::string(name) : std::string(name_space) + "__" + std::string(name);
}

}  // namespace

std::string flat_tool_name(std::string_view name_space, std::string_view name, NameAlphabet alphabet) {
    const std::string whole = joined(name_space, name);
    std::string flat = whole;
    for (char& c : flat) {
        if (!is_allowed(c, alphabet)) { c = '_'; }
    }
    if (flat.empty() || (!is_letter(flat.front()) && flat.front() != '_')) { flat.insert(flat.begin(), '_'); }
    return flat == whole && flat.size() <= name_max ? flat : with_hash(std::move(flat), whole);
}

ToolNames::Names::Names(const std::vector<Tool>& given, NameAlphabet alphabet) {
    for (const auto& tool : given) {
        if (tool.kind == ToolKind::server) { continue; }
        const auto key = std::make_pair(tool.name_space, tool.name);
        if (flat.contains(key)) { continue; }
        std::string made = flat_tool_name(tool.name_space, tool.name, alphabet);
        // The line end keeps `a` + `b__c` apart from `a__b` + `c`.
        if (tools.contains(made)) { made = with_hash(std::move(made), tool.name_space + "\n" + tool.name); }
        tools.emplace(made, &tool);
        flat.emplace(key, std::move(made));
    }
}

ToolNames::ToolNames(const std::vector<Tool>& tools, NameAlphabet alphabet)
    : alphabet_(alphabet), with_dash_(tools, NameAlphabet::with_dash), without_dash_(tools, NameAlphabet::no_dash) {}

std::string ToolNames::flat(std::string_view name_space, std::string_view name) const {
    const auto found = said().flat.find({std::string(name_space), std::string(name)});
    if (found != said().flat.end()) { return found->second; }
    if (const Tool* tool = name_space.empty() ? only_one_called(name) : nullptr) {
        return said().flat.at({tool->name_space, tool->name});
    }
    return flat_tool_name(name_space, name, alphabet_);
}

const Tool* ToolNames::find(std::string_view flat_name) const {
    for (const auto* names : {&with_dash_, &without_dash_}) {
        const auto found = names->tools.find(flat_name);
        if (found != names->tools.end()) { return found->second; }
    }
    return only_one_called(flat_name);
}

bool ToolNames::means(std::string_view chosen, const Tool& tool) const {
    const Tool* one = find(chosen);
    return one != nullptr ? one == &tool : tool.name == chosen;
}

const Tool* ToolNames::only_one_called(std::string_view name) const {
    const Tool* only = nullptr;
    for (const auto& [flat_name, tool] : with_dash_.tools) {
        if (tool->name != name) { continue; }
        if (only != nullptr) { return nullptr; }
        only = tool;
    }
    return only;
}

}  // namespace llmgw::wire
