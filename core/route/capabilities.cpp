#include "core/route/capabilities.hpp"

#include <algorithm>
#include <array>

#include "core/usage/prices.hpp"

namespace llmgw {
namespace {

struct Row {
    bool Needs::*need;
    Ability ModelFacts::*ability;
    std::string_view lack;
};
constexpr std::array<Row, 6> rows{{
    {&Needs::tools, &ModelFacts::tools, "calls no tools"},
    {&Needs::images, &ModelFacts::images, "takes no images"},
    {&Needs::documents, &ModelFacts::documents, "takes no documents"},
    {&Needs::audio, &ModelFacts::audio, "takes no audio"},
    {&Needs::structured, &ModelFacts::structured, "gives no answers that fit a schema"},
    {&Needs::thinking, &ModelFacts::thinking, "does not think"},
}};

}  // namespace

std::span<const ModelFacts> ModelCatalogue::of_host(std::string_view host) const {
    const auto range = std::ranges::equal_range(table_, host, {}, &ModelFacts::host);
    return {range.begin(), range.end()};
}

const ModelFacts* ModelCatalogue::find(std::string_view host, std::string_view model) const {
    const auto models = of_host(host);
    const auto exact = [&](std::string_view name) -> const ModelFacts* {
        const auto found = std::ranges::lower_bound(models, name, {}, &ModelFacts::model);
        return found != models.end() && found->model == name ? &*found : nullptr;
    };
    if (const auto* found = exact(model)) { return found; }
    model = model.substr(0, model.find('@'));
    if (const auto* found = exact(model)) { return found; }
    model.remove_suffix(version_suffix(model));
    return exact(model);
}

std::string lacking(const ModelFacts& model, const Needs& needs) {
    for (const auto& row : rows) {
        if (needs.*row.need && model.*row.ability == Ability::no) { return std::string(row.lack); }
    }
    // The estimate errs high, and a host that refuses what is too long is no loss: another is asked then.
    const auto surely_too_long = model.context_tokens + model.context_tokens / 4;
    if (model.context_tokens > 0 && needs.input_tokens > surely_too_long) {
        return "has a context of " + std::to_string(model.context_tokens) + " tokens, and the prompt has about " +
               std::to_string(needs.input_tokens);
    }
    return {};
}

}  // namespace llmgw
