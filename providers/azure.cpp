// Azure OpenAI, and Claude in Microsoft Foundry. A model's name is a deployment's.
// https://learn.microsoft.com/azure/ai-foundry/openai/reference, .../openai/api-version-lifecycle,
// https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry
#include <algorithm>
#include <array>

#include "core/config/listen.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/url.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/hosts.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 1> settings{"api_version"};

// Those of a resource; the last ones are the clouds of governments and of China.
constexpr std::array<std::string_view, 7> domains{"openai.azure.com",           "cognitiveservices.azure.com",
                                                  "services.ai.azure.com",      "openai.azure.us",
                                                  "cognitiveservices.azure.us", "openai.azure.cn",
                                                  "cognitiveservices.azure.cn"};

// The API of a date (2024-10-21, 2025-04-01-preview). The /openai/v1 one has no dates, at most the word "preview".
bool is_dated(std::string_view version) {
    return version.starts_with("20");
}

bool is_version(std::string_view version) {
    if (version == "preview" || version == "latest" || version == "v1") { return true; }
    auto day = version;
    if (day.ends_with("-preview")) { day.remove_suffix(8); }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return is_dated(version) && day.size() == 10 && day[4] == '-' && day[7] == '-' &&
           std::ranges::count_if(day, is_digit) == 8;
}

bool own_origin(const Provider& provider) {
    const auto host = host_of(provider.base_url);
    return provider.base_url.starts_with("https://") &&
           std::ranges::any_of(domains, [&](std::string_view domain) { return is_below(host, domain); });
}

// People copy the URL they find first: the resource's, the one of its API, or that of a whole call.
std::string complete(Provider& provider, const Host::Environment& env) {
    auto& url = provider.base_url;
    if (url.empty()) { url = env("AZURE_OPENAI_ENDPOINT").value_or(""); }
    if (url.empty()) {
        return "needs a base_url, that of the resource: https://NAME.openai.azure.com or "
               "https://NAME.services.ai.azure.com";
    }
    while (url.ends_with('/')) {
        url.pop_back();
    }
    for (const std::string_view end : {"/openai/v1", "/openai", "/anthropic/v1", "/anthropic"}) {
        if (url.ends_with(end)) { url.resize(url.size() - end.size()); }
    }
    const auto host = host_of(url);
    if (host.empty() || url.find_first_of("?# ") != std::string::npos) { return "has a base_url that is none"; }
    if (url.contains("/openai/")) {
        return "has a base_url that goes too far: only the resource's, like https://NAME.openai.azure.com; the "
               "deployment is the model's name";
    }
    if (!url.starts_with("https://") && !is_private_host(host)) { return "has a base_url that is not https"; }

    const auto& version = provider.settings.api_version;
    if (!version.empty() && !is_version(version)) {
        return "has an api_version that is none: expected a date like 2024-10-21 or 2025-04-01-preview, or preview";
    }
    if (is_dated(version)) {
        // What these did not have yet.
        if (version < "2025-03-01") { std::erase(provider.dialects, DialectId::openai_responses); }
        if (version < "2024-09-01") {
            provider.stream_usage = StreamUsage::always;
            provider.traits.stream_options = false;
            provider.traits.max_tokens_field = "max_tokens";
            provider.traits.developer_role = false;
        }
    }
    return {};
}

bool serves(DialectId dialect, std::string_view model) {
    return (dialect == DialectId::anthropic) == is_claude(model);
}

Result<std::string> url(const HostCall& call) {
    const auto& base = call.provider.base_url;
    const auto& version = call.provider.settings.api_version;
    std::string query(call.query);
    if (call.dialect == DialectId::anthropic) {
        return base + "/anthropic" + std::string(call.path) + (query.empty() ? "" : "?" + query);
    }
    if (!version.empty() && version != "v1") { query += (query.empty() ? "" : "&") + ("api-version=" + version); }
    auto path = std::string(call.path);
    if (is_dated(version)) {
        path.erase(0, 3);  // "/v1"
        if (call.operation == Operation::chat || call.operation == Operation::embeddings) {
            path = "/deployments/" + percent_encode(call.model) + path;
        }
    }
    return base + "/openai" + path + (query.empty() ? "" : "?" + query);
}

Result<Host::CredentialStep> credential(const Provider& provider, std::string_view secret, std::int64_t now_ms) {
    return ready_credential(provider, secret, now_ms);
}

// A key or a token of Entra ID's: their looks tell.
Result<> authorise(const Provider&, const std::string& credential, std::int64_t, UpstreamRequest& request) {
    if (is_jwt(credential)) {
        request.headers.emplace_back("Authorization", "Bearer " + credential);
    } else {
        const bool claude = request.url.contains("/anthropic/v1/");
        request.headers.emplace_back(claude ? "x-api-key" : "api-key", credential);
    }
    return {};
}

// What stands in front of the models complains in a shape of its own: {"statusCode": 401, "message": "..."}.
std::optional<ApiError> error(DialectId, int status, const Headers&, std::string_view body) {
    if (json_scan::member(body, "error") || !json_scan::member(body, "message")) { return std::nullopt; }
    return wire::classify_error(status, wire::read_error_body(body));
}

Host::Check check(const Provider& provider) {
    const auto& version = provider.settings.api_version;
    const std::string path = is_dated(version) ? "/openai/models?api-version=" + version : "/openai/v1/models";
    return {"GET", provider.base_url + path};
}

}  // namespace

const Host azure_host{.settings = settings,
                      .complete = complete,
                      .own_origin = own_origin,
                      .models_are_owners_names = true,
                      .serves = serves,
                      .url = url,
                      .credential = credential,
                      .authorise = authorise,
                      .error = error,
                      .check = check};

}  // namespace llmgw
