// From the model a client names to the provider that serves it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/dialect_id.hpp"
#include "core/provider/provider.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct Target {
    const Provider* provider = nullptr;          // one of those given
    std::string model;                           // as the provider knows it
    DialectId dialect = DialectId::openai_chat;  // to speak to it
};

// What may be said in another dialect than the client's.
enum class Translatable { no, yes };

// The provider whose dialect this is: where a name goes that nobody lists.
std::string_view native_provider(DialectId dialect);

// Claude Code's model discovery keeps only ids that begin with "claude" or "anthropic". Before `provider/model` this
// makes such an id of any; it means nothing else.
inline constexpr std::string_view via_prefix = "claude-via/";

// `provider/model` (with or without via_prefix), a name that exactly one provider lists, or else any name without a
// slash: the dialect's native provider may know it. The target's dialect is the client's where the provider speaks
// that, else the one of its dialects that can say most. Errors (bad_request) name what was asked for, what is there,
// and what to do.
Result<Target> resolve_model(std::string_view model, DialectId dialect, const std::vector<Provider>& providers,
                             Translatable translatable = Translatable::no);

// A target whose provider and model are known already, with the dialect to speak. Error (bad_request): the provider
// speaks none that would do.
Result<Target> resolve_target(const Provider& provider, std::string model, DialectId dialect,
                              const std::vector<Provider>& providers, Translatable translatable);

// Where calls without a model go: the dialect's native provider, or `openai_provider` for the openai dialects.
Result<Target> resolve_default(DialectId dialect, const std::vector<Provider>& providers,
                               std::string_view openai_provider);

}  // namespace llmgw
