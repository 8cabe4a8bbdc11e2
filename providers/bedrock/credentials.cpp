#include "providers/bedrock/credentials.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "core/telemetry/redact.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/text.hpp"
#include "providers/hosts.hpp"

namespace llmgw::bedrock {
namespace {

std::unexpected<Error> no_credential(const std::string& why) {
    return fail(ErrorKind::credential,
                why +
                    "; expected a Bedrock API key, ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN], or the JSON that "
                    "\"aws configure export-credentials\" prints");
}

std::string text_at(std::string_view document, std::string_view key) {
    const auto value = json_scan::last_member(document, key);
    return value ? value->as_string().value_or("") : "";
}

// What goes into a header, and what the three are joined by.
bool is_word(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != ':' && c != ','; });
}

std::string joined(const AwsCredentials& key) {
    return key.access_key_id + ":" + key.secret_access_key + (key.session_token.empty() ? "" : ":" + key.session_token);
}

bool valid(const AwsCredentials& key) {
    return is_word(key.access_key_id) && is_word(key.secret_access_key) &&
           (key.session_token.empty() || is_word(key.session_token));
}

void register_parts(const AwsCredentials& key, bool ends) {
    const auto as = ends ? register_passing_secret : register_secret;
    as(key.secret_access_key);
    if (!key.session_token.empty()) { as(key.session_token); }
}

Result<Host::CredentialStep> from_document(const Provider& provider, std::string_view document, std::int64_t now_ms) {
    const AwsCredentials key{text_at(document, "AccessKeyId"), text_at(document, "SecretAccessKey"),
                             text_at(document, "SessionToken")};
    if (!valid(key)) { return no_credential("the JSON has no usable AccessKeyId and SecretAccessKey"); }
    auto made = ready_credential(provider, joined(key), now_ms);
    if (const auto end = text_at(document, "Expiration"); !end.empty()) {
        made.expires_ms = time_ms(end);
        if (!made.expires_ms) { return no_credential("its Expiration is no time"); }
        if (*made.expires_ms <= now_ms) { return no_credential("the credentials ended at " + end); }
    }
    register_parts(key, made.expires_ms.has_value());
    return made;
}

}  // namespace

std::optional<std::int64_t> time_ms(std::string_view text) {
    // 2026-11-21T17:30:00
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (text.size() <= form.size()) { return std::nullopt; }
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !digit : text[i] != form[i]) { return std::nullopt; }
    }
    const auto number = [&](std::size_t at, std::size_t size) {
        int value = 0;
        std::from_chars(text.data() + at, text.data() + at + size, value);
        return value;
    };
    using namespace std::chrono;
    const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2)))};
    if (!date.ok()) { return std::nullopt; }
    auto at = sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
    auto zone = text.substr(form.size());
    if (zone.starts_with('.')) { zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size())); }
    if (zone == "Z") { return duration_cast<milliseconds>(at.time_since_epoch()).count(); }
    const bool offset = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
    if (!offset) { return std::nullopt; }
    const auto zone_at = text.size() - 6;
    const auto ahead = hours(number(zone_at + 1, 2)) + minutes(number(zone_at + 4, 2));
    at -= zone[0] == '+' ? ahead : -ahead;
    return duration_cast<milliseconds>(at.time_since_epoch()).count();
}

std::optional<AwsCredentials> access_key_in(std::string_view credential) {
    const auto first = credential.find(':');
    if (first == std::string_view::npos) { return std::nullopt; }
    const auto rest = credential.substr(first + 1);
    const auto second = rest.find(':');
    return AwsCredentials{std::string(credential.substr(0, first)), std::string(rest.substr(0, second)),
                          second == std::string_view::npos ? std::string() : std::string(rest.substr(second + 1))};
}

Result<Host::CredentialStep> credential(const Provider& provider, std::string_view secret, std::int64_t now_ms) {
    secret = trim(secret);
    if (secret.starts_with('{')) { return from_document(provider, secret, now_ms); }
    const auto key = access_key_in(secret);
    if (!key) { return ready_credential(provider, secret, now_ms); }
    if (!valid(*key)) { return no_credential("the access key is incomplete"); }
    auto made = ready_credential(provider, joined(*key), now_ms);
    register_parts(*key, made.expires_ms.has_value());
    return made;
}

Result<> authorise(const Provider& provider, const std::string& credential, std::int64_t now_ms,
                   UpstreamRequest& request) {
    const auto key = access_key_in(credential);
    if (!key) {
        request.headers.emplace_back("Authorization", "Bearer " + credential);
        return {};
    }
    std::string_view rest = request.url;
    rest.remove_prefix(std::min(rest.find("://") + 3, rest.size()));
    const auto target = rest.substr(std::min(rest.find('/'), rest.size()));
    // As the host is sent: lower case, and without the usual port.
    const auto origin = origin_of(request.url);
    const auto host = origin.substr(std::min(origin.find("://") + 3, origin.size()));
    const auto question = std::min(target.find('?'), target.size());
    // The client's other headers may be changed by a proxy on the way; these are not.
    const AwsRequest what{.method = request.method,
                          .path = target.substr(0, question),
                          .query = target.substr(std::min(question + 1, target.size())),
                          .headers = {{"host", host}},
                          .body = request.has_body ? request.body : std::string_view()};
    for (auto& header : aws_signature_headers(what, *key, {provider.settings.region, "bedrock"}, now_ms / 1000)) {
        request.headers.push_back(std::move(header));
    }
    return {};
}

}  // namespace llmgw::bedrock
