#include "core/provider/credential.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/config/listen.hpp"
#include "core/net/timer_fd.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/client_key.hpp"
#include "core/secrets/reference.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

constexpr std::size_t answer_bytes_max = 64 * 1024;

using Register = void (*)(std::string_view);

// A key in PEM has many lines, and each is a part of it.
void register_lines(std::string_view text, Register as) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end > 16 && !text.starts_with("-----")) { as(text.substr(0, end)); }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void register_members(const Host& host, std::string_view document, Register as) {
    as(document);
    for (const auto name : host.secret_members) {
        const auto member = json_scan::last_member(document, name);
        const auto text = member ? member->as_string() : std::nullopt;
        if (!text) { continue; }
        as(*text);
        if (text->contains('\n')) { register_lines(*text, as); }
    }
}

// What a token server says of its refusal: RFC 6749, 5.2.
std::string reason_in(std::string_view body) {
    for (const auto* key : {"error_description", "error"}) {
        const auto member = json_scan::member(body, key);
        if (const auto text = member ? member->as_string() : std::nullopt) { return redact(text->substr(0, 300)); }
    }
    return "no reason given";
}

Result<std::string> post(const TokenRequest& asked, const CredentialTools& tools) {
    const auto origin = origin_of(asked.url);
    const auto failed = [&](std::string_view why, ErrorKind kind = ErrorKind::credential) {
        return fail(kind, fmt::format("{} gave no token: {}", origin, why));
    };
    if (!origin.starts_with("https://") && !is_loopback_host(host_of(asked.url))) {
        return fail(ErrorKind::credential, "a token is asked for over https only");
    }
    if (tools.transport == nullptr) { return failed("it was not asked"); }
    const auto timer = timer_fd(tools.limit);
    const Watch watch{-1, timer.get()};
    const auto in_words = [&](const Error& error) {
        // The only thing that makes this watch end a wait is the timer.
        if (error.kind == ErrorKind::unavailable) { return failed("it did not answer in time", ErrorKind::timeout); }
        return failed(redact(error.message), error.kind);
    };
    UpstreamRequest request;
    request.url = asked.url;
    request.headers = asked.headers;
    request.headers.emplace_back("User-Agent", "llmgw");
    request.headers.emplace_back("Accept", "application/json");
    request.body = asked.body;
    // The timer is the limit; these are only not to be shorter.
    request.connect_timeout = request.first_byte_timeout = request.idle_timeout = tools.limit + std::chrono::seconds(1);
    const auto response = tools.transport->open(request, watch);
    if (!response) { return in_words(response.error()); }
    std::string body;
    for (;;) {
        const auto chunk = (*response)->read(watch, tools.limit);
        if (!chunk) { return in_words(chunk.error()); }
        body += chunk->bytes;
        if (chunk->end) { break; }
        if (chunk->idle || body.size() > answer_bytes_max) {
            return failed("its answer does not end", ErrorKind::upstream);
        }
    }
    const int status = (*response)->status();
    if (status < 200 || status >= 300) {
        // A server in trouble says nothing of the credential.
        return failed(fmt::format("{}: {}", status, reason_in(body)),
                      status >= 500 || status == 429 ? ErrorKind::upstream : ErrorKind::credential);
    }
    return body;
}

// For people. What is in the reference is the user's own; a command may have a key in it.
std::string place_of(const std::string& api_key) {
    const auto reference = parse_reference(api_key).value_or(KeyReference{});
    switch (reference.kind) {
        case KeyKind::env: return "the environment variable " + reference.name;
        case KeyKind::file: return "the key file " + reference.name;
        case KeyKind::cmd: return fmt::format("the output of the key command \"{}\"", redact(reference.name));
        default: return fmt::format("the keychain's key \"{}\"", reference.name);
    }
}

}  // namespace

Result<std::string> read_provider_secret(const Provider& provider, const SecretResolver& resolver) {
    const auto form = provider.host != nullptr ? provider.host->secret_form : SecretForm::key;
    auto secret = resolver.resolve(provider.api_key, origin_of(provider.base_url), form);
    if (!secret || provider.may_be_llmgw || !is_client_key(*secret)) { return secret; }
    wipe(*secret);
    return fail(ErrorKind::credential, fmt::format("{} holds llmgw's own client key, not a key of {}'s",
                                                   place_of(provider.api_key), provider.name));
}

Result<Credential> obtain_credential(const Provider& provider, const CredentialTools& tools) {
    const auto* host = provider.host;
    auto secret = read_provider_secret(provider, tools.resolver);
    if (!secret) { return std::unexpected(secret.error()); }
    if (host == nullptr || host->credential == nullptr) {
        register_secret(*secret);
        return Credential{std::move(*secret), {}};
    }
    // First of all, for what goes wrong with it.
    register_members(*host, *secret, register_passing_secret);
    auto step = host->credential(provider, *secret, tools.clock.now_ms());
    auto* ready = step ? std::get_if<Credential>(&*step) : nullptr;
    const bool lasts = step && (ready == nullptr || !ready->expires_ms);
    if (lasts) { register_members(*host, *secret, register_secret); }
    wipe(*secret);
    if (!step) { return std::unexpected(step.error()); }
    if (ready != nullptr) {
        (lasts ? register_secret : register_passing_secret)(ready->text);
        return std::move(*ready);
    }
    auto& asked = std::get<TokenRequest>(*step);
    auto answer = post(asked, tools);
    wipe(asked.body);
    if (!answer) { return std::unexpected(answer.error()); }
    auto token = host->token(*answer, tools.clock.now_ms());
    wipe(*answer);
    if (token) { register_passing_secret(token->text); }
    return token;
}

}  // namespace llmgw
