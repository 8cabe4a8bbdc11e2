#include "providers/google_token.hpp"

#include <algorithm>
#include <string>

#include "core/config/listen.hpp"
#include "core/util/base64.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "core/util/rsa.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

constexpr std::int64_t assertion_s = 3600;
// RFC 6749 lets it be left out. Google's own say an hour.
constexpr std::int64_t unsaid_lifetime_s = 300;
constexpr std::int64_t lifetime_s_max = 24 * 3600;
constexpr std::string_view usual_token_uri = "https://oauth2.googleapis.com/token";

std::string text_of(std::string_view document, std::string_view name) {
    const auto member = json_scan::member(document, name);
    return member ? member->as_string().value_or("") : "";
}

std::unexpected<Error> lacking(std::string_view kind, std::string_view member) {
    return fail(ErrorKind::credential, "the " + std::string(kind) + " has no " + std::string(member));
}

// Whoever can write the file could have the assertion sent anywhere; not over an open line, though.
Result<std::string> token_uri(std::string_view document) {
    auto uri = text_of(document, "token_uri");
    if (uri.empty()) { uri = usual_token_uri; }
    const bool here = is_loopback_host(host_of(uri));
    if (!origin_of(uri).starts_with("https://") && !here) {
        return fail(ErrorKind::credential, "its token_uri is not https");
    }
    return uri;
}

Result<std::string> assertion(std::string_view document, const std::string& audience, std::int64_t now_s) {
    const auto email = text_of(document, "client_email");
    const auto private_key = text_of(document, "private_key");
    if (email.empty()) { return lacking("service account", "client_email"); }
    if (private_key.empty()) { return lacking("service account", "private_key"); }
    JsonWriter header;
    header.begin_object().member("alg", "RS256").member("typ", "JWT");
    header.member_if("kid", text_of(document, "private_key_id")).end_object();
    JsonWriter claims;
    claims.begin_object().member("iss", email).member("scope", "https://www.googleapis.com/auth/cloud-platform");
    claims.member("aud", audience).member("iat", now_s).member("exp", now_s + assertion_s).end_object();
    auto text = base64url(header.take()) + "." + base64url(claims.take());
    const auto signature = sign_rs256(private_key, text);
    if (!signature) {
        return fail(ErrorKind::credential, "the service account cannot be used: " + signature.error().message);
    }
    return text + "." + base64url(*signature);
}

Result<std::string> refresh_form(std::string_view document) {
    std::string form = "grant_type=refresh_token";
    for (const auto* name : {"client_id", "client_secret", "refresh_token"}) {
        const auto value = text_of(document, name);
        if (value.empty()) { return lacking("user's credential", name); }
        form += std::string("&") + name + "=" + percent_encode(value);
    }
    return form;
}

}  // namespace

Result<TokenRequest> google_token_request(std::string_view document, std::int64_t now_s) {
    if (!json_scan::each_member(document, [](auto, const auto&) { return true; })) {
        return fail(ErrorKind::credential, "the credentials are no JSON object");
    }
    const auto type = text_of(document, "type");
    const auto uri = token_uri(document);
    if (!uri) { return std::unexpected(uri.error()); }
    TokenRequest request{*uri, {{"Content-Type", "application/x-www-form-urlencoded"}}, {}};
    Result<std::string> form;
    if (type == "service_account") {
        form = assertion(document, *uri, now_s);
        if (form) { form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + *form; }
    } else if (type == "authorized_user") {
        form = refresh_form(document);
    } else {
        return fail(ErrorKind::credential,
                    "the credentials are of no type llmgw can use (service_account, authorized_user); use "
                    "\"cmd:gcloud auth application-default print-access-token\"");
    }
    if (!form) { return std::unexpected(form.error()); }
    request.body = std::move(*form);
    return request;
}

Result<Credential> google_token(std::string_view body, std::int64_t now_ms) {
    const auto token = json_scan::member(body, "access_token");
    auto text = token ? token->as_string() : std::nullopt;
    if (!text || text->empty() || text->find_first_of("\r\n \t") != std::string::npos) {
        return fail(ErrorKind::credential, "the token server's answer holds no access_token");
    }
    const auto lifetime = json_scan::member(body, "expires_in");
    const auto said_s = lifetime ? lifetime->as_int() : std::nullopt;
    const auto lifetime_s = std::clamp<std::int64_t>(said_s.value_or(unsaid_lifetime_s), 0, lifetime_s_max);
    return Credential{std::move(*text), now_ms + lifetime_s * 1000};
}

}  // namespace llmgw
