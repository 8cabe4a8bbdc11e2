// One list of all providers' models in the shape of the client that asks. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/gateway/model_listing.hpp"
#include "core/model/dialect_id.hpp"
#include "core/provider/provider.hpp"
#include "core/route/table.hpp"
#include "core/usage/prices.hpp"

namespace llmgw {

// A provider that can be asked, and what it told of its models.
struct ProviderModels {
    const Provider* provider = nullptr;
    std::vector<ListedModel> listed;  // empty when it told nothing
};

struct ModelEntry {
    std::string id;                      // what a client asks for; a route's, or one that resolve_model() takes
    const Provider* provider = nullptr;  // null for a route
    ListedModel model;
    const Route* route = nullptr;
};

// Every model that a client of this dialect can ask for: the dialect's own provider first, then the others as given,
// each with what it told and then with the names the configuration adds. Ids are `provider/model`, and before them the
// bare names where those lead to the dialect's own provider.
// `claude_code`: ids that Claude Code's discovery keeps (they begin with "claude" or "anthropic"), and each model
// once; see via_prefix in core/route/resolve.hpp.
// `providers` are all of the configuration, for what a bare name leads to. `routes` come first, by their names, which
// hide bare names.
std::vector<ModelEntry> merge_models(std::span<const ProviderModels> known, const std::vector<Provider>& providers,
                                     DialectId client, bool claude_code, std::span<const Route> routes = {});

// The body of a listing, all in one page, and of one model. Members llmgw adds stand in "llmgw": provider, model,
// context_tokens, max_output_tokens, or route and targets; prices (US dollars per million tokens; long_context for
// larger prompts).
std::string encode_model_list(DialectId client, std::span<const ModelEntry> entries, const Prices& prices);
std::string encode_model(DialectId client, const ModelEntry& entry, const Prices& prices);

}  // namespace llmgw
