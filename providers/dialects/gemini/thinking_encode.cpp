// How much to think and whether to show it: a budget in tokens, or a level for newer models.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/model/reasoning_effort.hpp"
#include "providers/dialects/gemini/request_writing.hpp"

namespace llmgw::wire::gemini {

namespace {

struct BudgetRange {
    std::string_view model;  // part of its name
    std::int64_t least;      // thinking cannot be turned off below this; 0: it can
    std::int64_t most;
};

constexpr std::array<BudgetRange, 2> budget_ranges{{
    {"pro", 128, 32768},
    {"", 0, 24576},
}};

const BudgetRange& range_of(std::string_view model) {
    return *std::ranges::find_if(budget_ranges, [&](const BudgetRange& row) { return model.contains(row.model); });
}

struct LevelWord {
    std::string_view effort;
    std::string_view flash;  // flash models know all four
    std::string_view other;
};

constexpr std::array<LevelWord, 7> level_words{{
    {"none", "MINIMAL", "LOW"},
    {"minimal", "MINIMAL", "LOW"},
    {"low", "LOW", "LOW"},
    {"medium", "MEDIUM", "MEDIUM"},
    {"high", "HIGH", "HIGH"},
    {"xhigh", "HIGH", "HIGH"},
    {"max", "HIGH", "HIGH"},
}};

std::string_view level_of(std::string_view effort, std::string_view model) {
    for (const auto& row : level_words) {
        if (row.effort != effort) { continue; }
        const auto level = model.contains("flash") ? row.flash : row.other;
        // The first of the line knows low and high only.
        return level == "MEDIUM" && model.contains("gemini-3-pro") ? "HIGH" : level;
    }
    return "HIGH";
}

void write_level(RequestWriting& writing, bool off, JsonWriter& json) {
    const auto& wish = writing.request.reasoning;
    std::string_view effort = wish.effort;
    if (effort.empty() && wish.budget_tokens && *wish.budget_tokens > 0) { effort = effort_for(*wish.budget_tokens); }
    if (off) { effort = "none"; }
    if (effort.empty()) { return; }  // the model's own default: as much as it needs
    if (off) { writing.drops.note("thinking off", "this model cannot: it thinks as little as it can"); }
    json.member("thinkingLevel", level_of(effort, writing.target.model));
}

void write_budget(RequestWriting& writing, bool off, JsonWriter& json) {
    const auto& wish = writing.request.reasoning;
    std::optional<std::int64_t> budget = wish.budget_tokens;
    if (!budget && !wish.effort.empty()) { budget = budget_for(wish.effort); }
    if (!budget && (wish.adaptive || wish.enabled == true)) { budget = -1; }
    if (off) { budget = 0; }
    if (!budget) { return; }
    const BudgetRange& range = range_of(writing.target.model);
    if (off && range.least > 0) {
        writing.drops.note("thinking off", "this model cannot: it thinks as little as it can");
    }
    // -1 leaves it to the model. A gemini client knows its model's range itself.
    if (*budget >= 0 && !writing.same_dialect()) { budget = std::clamp(*budget, range.least, range.most); }
    json.member("thinkingBudget", *budget);
}

// The number behind "gemini-", 0 where there is none.
int generation_of(std::string_view model) {
    constexpr std::string_view family = "gemini-";
    int generation = 0;
    const auto at = model.find(family);
    if (at != std::string_view::npos) {
        std::from_chars(model.data() + at + family.size(), model.data() + model.size(), generation);
    }
    return generation;
}

}  // namespace

bool is_gemini_3(const TargetTraits& target) {
    return target.thinking_level || target.model.ends_with("-latest") || generation_of(target.model) >= 3;
}

bool takes_json_schema(const TargetTraits& target) {
    return target.parameters_json_schema && generation_of(target.model) != 1;
}

JsonText thinking_config(RequestWriting& writing) {
    const auto& wish = writing.request.reasoning;
    constexpr std::string_view prefix = "generationConfig.thinkingConfig.";
    const bool on = wish.adaptive || wish.enabled == true || wish.budget_tokens || !wish.effort.empty();
    const bool off = wish.enabled == false || wish.effort == "none";
    const bool extras = writing.same_dialect() && writing.has_extras(prefix);
    if (!on && !off && !wish.show && !extras) { return {}; }
    JsonWriter json;
    json.begin_object();
    // Anthropic shows its thinking unless told otherwise; the others hide it unless asked.
    const bool shown_by_default = writing.request.origin == DialectId::anthropic && on;
    if (wish.show && writing.same_dialect()) {
        json.member("includeThoughts", *wish.show);
    } else if (!off && wish.show.value_or(shown_by_default)) {
        json.member("includeThoughts", true);
    }
    if (writing.target.thinking_level || (!writing.same_dialect() && is_gemini_3(writing.target))) {
        write_level(writing, off, json);
    } else if (writing.same_dialect() && !wish.effort.empty()) {
        // Said as a level by a client that knows the model; it is the model's to know.
        std::string level = wish.effort;
        for (char& c : level) {
            c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
        json.member("thinkingLevel", level);
        if (wish.budget_tokens) { json.member("thinkingBudget", *wish.budget_tokens); }
    } else {
        write_budget(writing, off, json);
    }
    if (extras) { writing.write_extras(prefix, json); }
    json.end_object();
    return json.text() == "{}" ? JsonText() : json.take();
}

}  // namespace llmgw::wire::gemini
