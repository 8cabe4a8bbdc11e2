#include "core/route/equal_models.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/usage/prices.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

// Bedrock's inference profiles and the vendors in front of its names.
constexpr std::array<std::string_view, 9> regions{"global.", "us.", "eu.", "apac.",  "jp.",
                                                  "au.",     "ca.", "sa.", "us-gov."};
constexpr std::array<std::string_view, 13> vendors{"anthropic.", "openai.",   "meta.",      "mistral.", "amazon.",
                                                   "cohere.",    "deepseek.", "google.",    "qwen.",    "zai.",
                                                   "moonshot.",  "minimax.",  "moonshotai."};

void drop_prefix(std::string_view& name, std::span<const std::string_view> prefixes) {
    for (const auto prefix : prefixes) {
        if (!name.starts_with(prefix)) { continue; }
        name.remove_prefix(prefix.size());
        return;
    }
}

// "-v1:0" and "-v2" of Bedrock, "-maas" of Vertex.
void drop_version(std::string_view& name) {
    if (name.ends_with(":0")) { name.remove_suffix(2); }
    if (name.size() > 3 && name[name.size() - 3] == '-' && name[name.size() - 2] == 'v' && name.back() >= '1' &&
        name.back() <= '9') {
        name.remove_suffix(3);
    }
    if (name.ends_with("-maas")) { name.remove_suffix(5); }
}

// The date of a snapshot, without its dashes; "" for none.
std::string date_of(std::string_view name) {
    std::string date;
    const auto at = name.find('@');
    auto rest = at == std::string_view::npos ? name : name.substr(at);
    drop_version(rest);
    const auto size = at == std::string_view::npos ? version_suffix(rest) : rest.size();
    for (const char c : rest.substr(rest.size() - size)) {
        if (c >= '0' && c <= '9') { date += c; }
    }
    return date;
}

}  // namespace

std::string common_name(std::string_view model) {
    if (model.starts_with("ft:")) { return {}; }
    auto name = model.substr(model.rfind('/') + 1);
    if (const auto at = name.find('@'); at != std::string_view::npos && at > 0) { name = name.substr(0, at); }
    drop_prefix(name, regions);
    drop_prefix(name, vendors);
    drop_version(name);
    // ":free", ":nitro", ":thinking": another price, or another way of asking.
    if (name.find(':') != std::string_view::npos) { return {}; }
    if (!name.ends_with("-latest")) { name.remove_suffix(version_suffix(name)); }
    auto common = lower(name);
    std::ranges::replace(common, '.', '-');
    return common;
}

EqualModels::EqualModels(std::span<const Provider> providers, const ModelCatalogue& catalogue) {
    for (const auto& provider : providers) {
        if (provider.passthrough()) { continue; }
        for (const auto& model : provider.models) {
            if (auto name = common_name(model); !name.empty()) {
                by_name_[std::move(name)].push_back({{&provider, model}, true});
            }
        }
        // A deployment at Azure is called as its owner likes: only the configuration knows which there are.
        if (provider.type == "azure") { continue; }
        for (const auto& facts : catalogue.of_host(provider.price_list)) {
            if (auto name = common_name(facts.model); !name.empty()) {
                by_name_[std::move(name)].push_back({{&provider, std::string(facts.model)}, false});
            }
        }
    }
}

std::vector<EqualModel> EqualModels::others(const Provider& provider, std::string_view model) const {
    const auto found = by_name_.find(common_name(model));
    if (found == by_name_.end()) { return {}; }
    const auto date = date_of(model);
    const auto rank = [&](const Named& named) {
        const auto& name = named.model.model;
        // Bedrock serves newer models through a profile only, and "global." is the one that is not bound to a region.
        // Vertex serves Claude under its dated names.
        return std::tuple(!named.listed, !date.empty() && date_of(name) != date, !name.starts_with("global."),
                          name.find('@') == std::string::npos, name.size(), std::string_view(name));
    };
    std::vector<const Named*> best;
    for (const auto& named : found->second) {
        if (named.model.provider == &provider) { continue; }
        const auto same = std::ranges::find_if(
            best, [&](const Named* other) { return other->model.provider == named.model.provider; });
        if (same == best.end()) {
            best.push_back(&named);
        } else if (rank(named) < rank(**same)) {
            *same = &named;
        }
    }
    std::vector<EqualModel> out;
    for (const auto* named : best) {
        out.push_back(named->model);
    }
    return out;
}

}  // namespace llmgw
