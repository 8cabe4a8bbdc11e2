#include "providers/hosts.hpp"

#include <algorithm>

#include "core/util/base64.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

constexpr std::int64_t command_ms = 5 * 60'000;

// When a JSON Web Token ends; nullopt when it is none, or does not say.
std::optional<std::int64_t> jwt_ends_ms(std::string_view token) {
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos) { return std::nullopt; }
    const auto claims = base64_decode(token.substr(first + 1, second - first - 1));
    const auto member = claims ? json_scan::member(*claims, "exp") : std::nullopt;
    const auto ends_s = member ? member->as_int() : std::nullopt;
    if (!ends_s || *ends_s < 0 || *ends_s > 100'000'000'000) { return std::nullopt; }
    return *ends_s * 1000;
}

}  // namespace

Credential ready_credential(const Provider& provider, std::string_view secret, std::int64_t now_ms) {
    Credential credential{std::string(secret), jwt_ends_ms(secret)};
    const bool by_command = provider.api_key.starts_with("cmd:");
    if (by_command && !credential.expires_ms) { credential.expires_ms = now_ms + command_ms; }
    return credential;
}

bool is_jwt(std::string_view text) {
    // The first character of a JSON object, in base64url.
    return text.starts_with("eyJ") && std::ranges::count(text, '.') == 2;
}

bool is_below(std::string_view host, std::string_view domain) {
    return host == domain ||
           (host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

bool is_claude(std::string_view model) {
    return model.starts_with("claude");
}

}  // namespace llmgw
