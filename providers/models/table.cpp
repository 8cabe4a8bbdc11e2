#include "providers/models/table.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <tuple>

namespace llmgw {
namespace {

// The file is one raw string literal, as providers/prices/table.tsv is.
constexpr std::string_view builtin_text =
#include "providers/models/table.tsv"
    ;

constexpr std::array<Ability ModelFacts::*, 6> abilities{&ModelFacts::tools,      &ModelFacts::images,
                                                         &ModelFacts::documents,  &ModelFacts::audio,
                                                         &ModelFacts::structured, &ModelFacts::thinking};

std::string_view next_cell(std::string_view& line) {
    const auto end = std::min(line.find('\t'), line.size());
    const auto cell = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return cell;
}

bool read_size(std::string_view cell, std::int64_t& size) {
    if (cell.empty()) { return true; }
    const auto* end = cell.data() + cell.size();
    const auto [stop, error] = std::from_chars(cell.data(), end, size);
    return error == std::errc() && stop == end && size > 0;
}

bool read_ability(std::string_view cell, Ability& ability) {
    ability = cell == "yes" ? Ability::yes : cell == "no" ? Ability::no : Ability::unknown;
    return ability != Ability::unknown || cell.empty();
}

bool read_line(std::string_view line, ModelFacts& facts) {
    if (std::ranges::count(line, '\t') != 3 + static_cast<std::ptrdiff_t>(abilities.size())) { return false; }
    facts.host = next_cell(line);
    facts.model = next_cell(line);
    if (facts.host.empty() || facts.model.empty()) { return false; }
    if (!read_size(next_cell(line), facts.context_tokens) || !read_size(next_cell(line), facts.output_tokens)) {
        return false;
    }
    return std::ranges::all_of(abilities, [&](auto member) { return read_ability(next_cell(line), facts.*member); });
}

}  // namespace

Result<std::vector<ModelFacts>> parse_model_table(std::string_view text) {
    std::vector<ModelFacts> table;
    table.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') { continue; }
        ModelFacts facts;
        if (!read_line(line, facts)) {
            return fail(ErrorKind::config, "table of models, line " + std::to_string(number) + " cannot be read");
        }
        table.push_back(facts);
    }
    std::ranges::sort(table, {}, [](const ModelFacts& facts) { return std::tie(facts.host, facts.model); });
    return table;
}

std::span<const ModelFacts> builtin_models() {
    static const std::vector<ModelFacts> table = [] {
        auto parsed = parse_model_table(builtin_text);
        assert(parsed);  // a unit test reads the same text
        return parsed ? *std::move(parsed) : std::vector<ModelFacts>{};
    }();
    return table;
}

}  // namespace llmgw
