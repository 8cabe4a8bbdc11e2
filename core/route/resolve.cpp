#include "core/route/resolve.hpp"

#include <algorithm>
#include <array>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

const Provider* named(const std::vector<Provider>& providers, std::string_view name) {
    for (const auto& provider : providers) {
        if (provider.name == name) { return &provider; }
    }
    return nullptr;
}

std::string spoken(const Provider& provider) {
    std::string text;
    for (const auto id : provider.dialects) {
        text += (text.empty() ? "" : ", ") + std::string(to_string(id));
    }
    return text;
}

std::string speakers(DialectId dialect, const std::vector<Provider>& providers) {
    std::string text;
    for (const auto& provider : providers) {
        if (provider.speaks(dialect)) { text += (text.empty() ? "" : ", ") + provider.name; }
    }
    return text.empty() ? "none" : text;
}

// Those that can say more first: reasoning that comes back, ordered parts, tool results with images.
constexpr std::array<DialectId, 7> by_expression{
    DialectId::anthropic,   DialectId::openai_responses, DialectId::gemini,     DialectId::bedrock_converse,
    DialectId::cohere_chat, DialectId::ollama_chat,      DialectId::openai_chat};

std::unexpected<Error> no_provider(std::string_view prefix, std::string_view model,
                                   const std::vector<Provider>& providers) {
    std::string text;
    std::vector<std::string_view> names;
    for (const auto& provider : providers) {
        text += (text.empty() ? "" : ", ") + provider.name;
        names.push_back(provider.name);
    }
    const auto near = nearest(prefix, names);
    const auto rest = model.substr(prefix.size());
    return fail(ErrorKind::bad_request,
                "llmgw: there is no provider \"" + std::string(prefix) + "\" for the model \"" + std::string(model) +
                    "\". Providers: " + text + ". Others are added with a [providers.NAME] table." +
                    (near.empty() ? "" : " Did you mean \"" + std::string(near) + std::string(rest) + "\"?"));
}

// Some dialects have the model in the URL's path, which servers walk.
bool leads_elsewhere(std::string_view model) {
    for (std::size_t from = 0; from <= model.size();) {
        const auto to = std::min(model.find('/', from), model.size());
        const auto part = model.substr(from, to - from);
        if (part == "." || part == "..") { return true; }
        from = to + 1;
    }
    return false;
}

}  // namespace

std::string_view native_provider(DialectId dialect) {
    switch (dialect) {
        case DialectId::anthropic: return "anthropic";
        case DialectId::gemini: return "gemini";
        default: return "openai";
    }
}

Result<Target> resolve_target(const Provider& provider, std::string model, DialectId dialect,
                              const std::vector<Provider>& providers, Translatable translatable) {
    if (leads_elsewhere(model)) {
        return fail(ErrorKind::bad_request,
                    "llmgw: \"" + model + "\" is no model's name: a part of it is \".\" or \"..\"");
    }
    if (provider.speaks(dialect, model)) { return Target{&provider, std::move(model), dialect}; }
    if (translatable == Translatable::yes) {
        // A credential the client brought is meant for one origin, and for the dialect that is spoken there.
        if (provider.passthrough()) {
            return fail(ErrorKind::bad_request, "llmgw: provider \"" + provider.name + "\" is passthrough and speaks " +
                                                    spoken(provider) + ", not " + std::string(to_string(dialect)) +
                                                    ": the client's own credential cannot be translated. Give it an "
                                                    "api_key, or use a client that speaks its dialect.");
        }
        for (const auto candidate : by_expression) {
            if (provider.speaks(candidate, model)) { return Target{&provider, std::move(model), candidate}; }
        }
    }
    return fail(ErrorKind::bad_request, "llmgw: this endpoint speaks " + std::string(to_string(dialect)) +
                                            ", but provider \"" + provider.name + "\" speaks " + spoken(provider) +
                                            ", and what is asked for here cannot be translated. Providers for this "
                                            "endpoint: " +
                                            speakers(dialect, providers) + ".");
}

Result<Target> resolve_model(std::string_view model, DialectId dialect, const std::vector<Provider>& providers,
                             Translatable translatable) {
    if (model.starts_with(via_prefix) && model.find('/', via_prefix.size()) != std::string_view::npos) {
        model.remove_prefix(via_prefix.size());
    }
    if (model.empty()) { return fail(ErrorKind::bad_request, "llmgw: the request names no model"); }
    if (const auto slash = model.find('/'); slash != std::string_view::npos && slash + 1 < model.size()) {
        if (const auto* provider = named(providers, model.substr(0, slash))) {
            return resolve_target(*provider, std::string(model.substr(slash + 1)), dialect, providers, translatable);
        }
    }
    const Provider* lister = nullptr;
    std::string also;
    for (const auto& provider : providers) {
        for (const auto& listed : provider.models) {
            if (listed != model) { continue; }
            also += (also.empty() ? "" : ", ") + provider.name + "/" + listed;
            lister = lister == nullptr ? &provider : lister;
        }
    }
    if (also.find(", ") != std::string::npos) {
        return fail(ErrorKind::bad_request, "llmgw: several providers list the model \"" + std::string(model) +
                                                "\"; name one of them: " + also);
    }
    if (lister != nullptr) { return resolve_target(*lister, std::string(model), dialect, providers, translatable); }
    // None of the native providers has a slash in its models' names, so this one was meant for another provider.
    if (const auto slash = model.find('/'); slash != std::string_view::npos) {
        const auto prefix = model.substr(0, slash);
        if (named(providers, prefix) != nullptr) {
            return fail(ErrorKind::bad_request, "llmgw: \"" + std::string(model) +
                                                    "\" names no model; a provider's is asked for as " +
                                                    std::string(prefix) + "/MODEL");
        }
        return no_provider(prefix, model, providers);
    }
    const auto* native = named(providers, native_provider(dialect));
    if (native == nullptr) {
        return fail(ErrorKind::bad_request, "llmgw: no provider lists the model \"" + std::string(model) + "\"");
    }
    return resolve_target(*native, std::string(model), dialect, providers, translatable);
}

Result<Target> resolve_default(DialectId dialect, const std::vector<Provider>& providers,
                               std::string_view openai_provider) {
    const bool openai = dialect == DialectId::openai_chat || dialect == DialectId::openai_responses;
    const auto wanted = openai ? openai_provider : native_provider(dialect);
    const auto* provider = named(providers, wanted);
    if (provider == nullptr) {
        return fail(ErrorKind::bad_request, "llmgw: there is no provider \"" + std::string(wanted) +
                                                "\" to forward this to ([server] v1_provider)");
    }
    return Target{provider, {}, dialect};
}

}  // namespace llmgw
