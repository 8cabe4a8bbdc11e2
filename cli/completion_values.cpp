#include "cli/completion_values.hpp"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>

#include "core/usage/dimensions.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

using Form = CompletionValues::Form;

std::vector<std::string> dimensions(const char* behind) {
    std::vector<std::string> out;
    for (const auto& kind : dimension_kinds()) {
        // Of these the name goes on.
        out.push_back(std::string(kind.name) + (kind.is_metadata ? ":" : behind));
    }
    return out;
}

// "TEXT:{sh,fish}" is what CLI11 makes of a fixed set.
std::vector<std::string> fixed_set(const std::string& type) {
    std::vector<std::string> out;
    const auto begin = type.find('{');
    const auto end = type.find('}');
    if (begin == std::string::npos || end == std::string::npos) { return out; }
    for (auto at = begin + 1; at < end;) {
        const auto comma = std::min(type.find(',', at), end);
        out.push_back(type.substr(at, comma - at));
        at = comma + 1;
    }
    return out;
}

struct Source {
    const char* value;  // what an option or an argument with such values is called, lower case
    const char* words;
};
constexpr std::array<Source, 3> sources{{{"provider", "providers"}, {"model", "models"}, {"command", "commands"}}};

}  // namespace

CompletionValues completion_values(const CLI::Option& option) {
    const auto type = option.get_type_name();
    if (auto words = fixed_set(type); !words.empty()) { return {Form::one, std::move(words), {}}; }
    if (type == "DIM,...") { return {Form::list, dimensions(""), {}}; }
    if (type == "DIM=VALUE") { return {Form::name, dimensions("="), {}}; }
    const auto& names = option.get_lnames();
    const auto name = lower(names.empty() ? option.get_name(true) : names.front());
    const auto source = std::ranges::find(sources, name, [](const Source& row) { return std::string(row.value); });
    if (source != sources.end()) { return {Form::one, {}, source->words}; }
    return {};
}

}  // namespace llmgw
