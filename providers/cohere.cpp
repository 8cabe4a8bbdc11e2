// Cohere's own API, where the configuration asks for it; else Cohere is asked as any Chat host is, at
// /compatibility/v1. https://docs.cohere.com/reference/chat, .../list-models
#include <array>

#include "core/config/listen.hpp"
#include "providers/hosts.hpp"

namespace llmgw {
namespace {

constexpr std::string_view compatible = "/compatibility/v1";

bool own_origin(const Provider& provider) {
    const auto host = host_of(provider.base_url);
    return provider.base_url.starts_with("https://") && (is_below(host, "cohere.com") || is_below(host, "cohere.ai"));
}

// Given with or without a version; it is kept with the one that models are listed at.
std::string complete(Provider& provider, const Host::Environment&) {
    auto& url = provider.base_url;
    while (url.ends_with('/')) {
        url.pop_back();
    }
    for (const std::string_view end : {compatible, std::string_view("/chat"), std::string_view("/v2")}) {
        if (url.ends_with(end)) { url.resize(url.size() - end.size()); }
    }
    const auto host = host_of(url);
    if (host.empty() || url.find_first_of("?# ") != std::string::npos) { return "has a base_url that is none"; }
    if (!url.starts_with("https://") && !is_private_host(host)) { return "has a base_url that is not https"; }
    url += compatible;
    return {};
}

std::string root_of(const Provider& provider) {
    return provider.base_url.substr(0, provider.base_url.size() - compatible.size());
}

Result<std::string> url(const HostCall& call) {
    return root_of(call.provider) + std::string(call.path) + (call.query.empty() ? "" : "?" + std::string(call.query));
}

Host::Check check(const Provider& provider) {
    return {"GET", root_of(provider) + "/v1/models?page_size=1"};
}

}  // namespace

const Host cohere_host{
    .complete = complete, .own_origin = own_origin, .url = url, .check = check, .lists_models = true};

}  // namespace llmgw
