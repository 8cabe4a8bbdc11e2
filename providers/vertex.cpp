// Vertex AI: Gemini, and Claude with its own dialect, in a project and a location.
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference,
// https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
#include <array>

#include "core/config/listen.hpp"
#include "core/util/json_edit.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/url.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/google_token.hpp"
#include "providers/hosts.hpp"
#include "providers/vertex_body.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 2> settings{"project", "location"};
constexpr std::array<std::string_view, 3> secret_members{"private_key", "client_secret", "refresh_token"};

bool own_origin(const Provider& provider) {
    return provider.base_url.starts_with("https://") && is_below(host_of(provider.base_url), "googleapis.com");
}

// "us" and "eu" are places too, with names of their own.
std::string origin_in(const std::string& location) {
    if (location == "global") { return "https://aiplatform.googleapis.com"; }
    if (location == "us" || location == "eu") { return "https://aiplatform." + location + ".rep.googleapis.com"; }
    return "https://" + location + "-aiplatform.googleapis.com";
}

bool is_label(std::string_view text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string complete(Provider& provider, const Host::Environment& env) {
    auto& project = provider.settings.project;
    auto& location = provider.settings.location;
    if (project.empty()) { project = env("GOOGLE_CLOUD_PROJECT").value_or(""); }
    if (project.empty()) { return "needs a project: the Google Cloud project's id"; }
    if (location.empty()) { location = env("GOOGLE_CLOUD_LOCATION").value_or(""); }
    if (location.empty()) { location = "global"; }
    // A location becomes part of a host's name.
    if (!is_label(location)) { return "has a location that is none: expected one like \"europe-west4\" or \"global\""; }
    if (provider.base_url.empty()) { provider.base_url = origin_in(location); }
    if (!provider.base_url.starts_with("https://") && !is_private_host(host_of(provider.base_url))) {
        return "has a base_url that is not https";
    }
    // The usual variable names a file.
    if (const auto file = env("GOOGLE_APPLICATION_CREDENTIALS"); file && !file->empty()) {
        provider.api_key = "file:" + *file;
    }
    return {};
}

bool serves(DialectId dialect, std::string_view model) {
    return (dialect == DialectId::anthropic) == is_claude(model);
}

std::string models_of(const Provider& provider, std::string_view version, std::string_view publisher) {
    const auto& at = provider.settings;
    return provider.base_url + "/" + std::string(version) + "/projects/" + percent_encode(at.project) + "/locations/" +
           percent_encode(at.location) + "/publishers/" + std::string(publisher) + "/models/";
}

Result<std::string> url(const HostCall& call) {
    const auto none = [&] {
        return fail(ErrorKind::not_found, "Vertex AI has no such call: " + std::string(call.path));
    };
    if (call.dialect == DialectId::anthropic) {
        const auto models = models_of(call.provider, "v1", "anthropic");
        if (call.operation == Operation::count_tokens) { return models + "count-tokens:rawPredict"; }
        if (call.operation != Operation::messages) { return none(); }
        return models + percent_encode(call.model, "@") + (call.stream ? ":streamRawPredict" : ":rawPredict");
    }
    const auto verb = call.path.rfind(':');
    if (verb == std::string_view::npos || call.model.empty()) { return none(); }
    const auto version = call.path.starts_with("/v1beta/") ? "v1beta1" : "v1";
    return models_of(call.provider, version, "google") + percent_encode(call.model, "@") +
           std::string(call.path.substr(verb)) + (call.query.empty() ? "" : "?" + std::string(call.query));
}

Result<std::string> body(const HostCall& call, Headers&, std::string_view body) {
    return call.dialect == DialectId::anthropic ? vertex_claude_body(body, call.operation == Operation::count_tokens)
                                                : vertex_gemini_body(body);
}

Result<Host::CredentialStep> credential(const Provider& provider, std::string_view secret, std::int64_t now_ms) {
    if (secret.find('{') == std::string_view::npos) { return ready_credential(provider, secret, now_ms); }
    auto request = google_token_request(secret, now_ms / 1000);
    if (!request) { return std::unexpected(request.error()); }
    return std::move(*request);
}

// Claude's own errors come in Claude's shape, those of what stands in front of it in Google's.
std::optional<ApiError> error(DialectId dialect, int status, const Headers&, std::string_view body) {
    if (dialect != DialectId::anthropic) { return std::nullopt; }
    const auto type = json_scan::member(body, "type");
    if (type && type->raw_string() == "error") { return std::nullopt; }
    return wire::classify_error(status, wire::read_error_body(body));
}

// An empty count: it is refused for its emptiness, or before that for its token.
Host::Check check(const Provider& provider) {
    return {"POST", models_of(provider, "v1", "google") + "gemini-2.5-flash:countTokens"};
}

}  // namespace

const Host vertex_host{.settings = settings,
                       .complete = complete,
                       .own_origin = own_origin,
                       .serves = serves,
                       .url = url,
                       .body = body,
                       .secret_form = SecretForm::document,
                       .secret_members = secret_members,
                       .credential = credential,
                       .token = google_token,
                       .error = error,
                       .check = check};

}  // namespace llmgw
