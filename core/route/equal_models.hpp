// The same model under the names different providers have for it. Mostly rules: what providers add to a vendor's name
// is a path in front of it, a region, a date, a version. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/provider/provider.hpp"
#include "core/route/capabilities.hpp"

namespace llmgw {

// What equal models have in common: "claude-sonnet-4-5" of "anthropic/claude-sonnet-4.5",
// "us.anthropic.claude-sonnet-4-5-20250929-v1:0" and "claude-sonnet-4-5@20250929". For comparison only; no provider
// need know this name. "" for names that say another price or another tuning (":free", "ft:...").
std::string common_name(std::string_view model);

struct EqualModel {
    const Provider* provider = nullptr;
    std::string model;
};

class EqualModels {
public:
    EqualModels() = default;
    // Knows the models that the providers list in the configuration and those that the catalogue has for their hosts.
    EqualModels(std::span<const Provider> providers, const ModelCatalogue& catalogue);

    // The same model at other providers, one name each, in the providers' order. Of several names for it the one that
    // the configuration lists is taken, then the one with the same date, then the shortest.
    std::vector<EqualModel> others(const Provider& provider, std::string_view model) const;

private:
    struct Named {
        EqualModel model;
        bool listed = false;  // in the configuration
    };
    std::map<std::string, std::vector<Named>, std::less<>> by_name_;
};

}  // namespace llmgw
