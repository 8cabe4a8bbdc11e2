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

bool is_allowed(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string with_hash(std::string name, std::string_view what_it_was) {
    name.resize(std::min(name.size(), name_max - hash_digits - 1));
    return name + "_" + sha256_hex(what_it_was).substr(0, hash_digits);
}

std::string joined(std::string_view name_space, std::string_view name) {
    return is_default_namespace(name_space) ? std::string(name) : std::string(name_space) + "__" + std::string(name);
}

}  // namespace

std::string flat_tool_name(std::string_view name_space, std::string_view name) {
    const std::string whole = joined(name_space, name);
    std::string flat = whole;
    for (char& c : flat) {
        if (!is_allowed(c)) { c = '_'; }
    }
    if (flat.empty() || (!is_letter(flat.front()) && flat.front() != '_')) { flat.insert(flat.begin(), '_'); }
    return flat == whole && flat.size() <= name_max ? flat : with_hash(std::move(flat), whole);
}

ToolNames::ToolNames(const std::vector<Tool>& tools) {
    for (const auto& tool : tools) {
        if (tool.kind == ToolKind::server) { continue; }
        const auto key = std::make_pair(tool.name_space, tool.name);
        if (flat_.contains(key)) { continue; }
        std::string flat = flat_tool_name(tool.name_space, tool.name);
        // The line end keeps `a` + `b__c` apart from `a__b` + `c`.
        if (tools_.contains(flat)) { flat = with_hash(std::move(flat), tool.name_space + "\n" + tool.name); }
        tools_.emplace(flat, &tool);
        flat_.emplace(key, std::move(flat));
    }
}

std::string ToolNames::flat(std::string_view name_space, std::string_view name) const {
    const auto found = flat_.find({std::string(name_space), std::string(name)});
    if (found != flat_.end()) { return found->second; }
    if (const Tool* tool = name_space.empty() ? only_one_called(name) : nullptr) {
        return flat_.at({tool->name_space, tool->name});
    }
    return flat_tool_name(name_space, name);
}

const Tool* ToolNames::find(std::string_view flat_name) const {
    const auto found = tools_.find(flat_name);
    return found != tools_.end() ? found->second : only_one_called(flat_name);
}

const Tool* ToolNames::only_one_called(std::string_view name) const {
    const Tool* only = nullptr;
    for (const auto& [flat_name, tool] : tools_) {
        if (tool->name != name) { continue; }
        if (only != nullptr) { return nullptr; }
        only = tool;
    }
    return only;
}

}  // namespace llmgw::wire
