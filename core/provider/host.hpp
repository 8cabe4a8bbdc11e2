// A host that is not asked in its dialect's own way: other URLs, members of its own in the body, a token or a signature
// instead of a key, a stream that is no event stream. Facts and pure functions, one providers/<host>.cpp for each; its
// CatalogueEntry points to them, so that core calls what it does not know. What is null is as it is everywhere else.
// Such a host lists no models, but for lists_models: those of the configuration are all that is known of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/gateway/endpoint.hpp"
#include "core/model/api_error.hpp"
#include "core/net/transport.hpp"
#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// What is asked for, before it has a URL.
struct HostCall {
    const Provider& provider;
    DialectId dialect;            // as spoken to the host
    Operation operation;          // in that dialect
    std::string_view model;       // as the host knows it; "" where the call names none
    bool stream = false;          // an answer in pieces is wanted
    std::string_view method;      // GET, POST, ...
    std::string_view path;        // of the dialect's own API: /v1/messages, /v1beta/models/M:generateContent
    std::string_view query = {};  // without '?'
};

// What goes with calls.
struct Credential {
    std::string text;
    std::optional<std::int64_t> expires_ms;  // wall clock; nullopt: good until it is refused
};

// A POST that gets a Credential for a secret that must not go with calls itself.
struct TokenRequest {
    std::string url;  // https, or a loopback address
    Headers headers;
    std::string body;
};

// Turns a stream of another framing into server-sent events, of which all that follows knows. One object for each
// stream.
class StreamFraming {
public:
    virtual ~StreamFraming() = default;
    // Appends the events that `bytes` complete, as SSE text. Error upstream: bytes that are no frame.
    virtual Result<> feed(std::string_view bytes, std::string& sse) = 0;
    // The body is over. Error upstream: in the middle of a frame.
    virtual Result<> finish(std::string& sse) = 0;
};

struct Host {
    // Which of HostSettings it knows, by their keys. One that is given elsewhere is an error of the configuration.
    std::span<const std::string_view> settings = {};

    // Completes a provider from its settings and the environment (the base URL of a region). "", or what is wrong: a
    // sentence's rest behind the table's name. Run once, when the configuration is read.
    using Environment = std::function<std::optional<std::string>(std::string_view name)>;
    std::string (*complete)(Provider& provider, const Environment& env) = nullptr;

    // Whether the base URL is one of this host's own, so that its usual key may go there. Null: when it is the
    // catalogue's.
    bool (*own_origin)(const Provider& provider) = nullptr;

    // What models are called is their owner's choice: such a name has no price, even when it is one that has elsewhere.
    bool models_are_owners_names = false;

    // Whether a model is asked in this dialect, of those the provider speaks; null: every model in each.
    bool (*serves)(DialectId dialect, std::string_view model) = nullptr;

    // The whole URL, query included. not_found: this host has no such call; tokens are estimated then.
    Result<std::string> (*url)(const HostCall& call) = nullptr;

    // The body as this host wants it, made by splicing; headers that belong into it move there. Called with the body
    // as the dialect has it, for calls that have one.
    Result<std::string> (*body)(const HostCall& call, Headers& headers, std::string_view body) = nullptr;

    // --- credentials
    SecretForm secret_form = SecretForm::key;
    // Of a secret that is a JSON document: members that must never be seen in any output.
    std::span<const std::string_view> secret_members = {};
    // What the secret is good for now: it, or a part of it, goes with calls; or a token has to be asked for. Null: the
    // secret goes with calls, until it is refused. Error credential: the secret is none of this host's.
    using CredentialStep = std::variant<Credential, TokenRequest>;
    Result<CredentialStep> (*credential)(const Provider& provider, std::string_view secret,
                                         std::int64_t now_ms) = nullptr;
    // Reads the answer (2xx) to a TokenRequest.
    Result<Credential> (*token)(std::string_view body, std::int64_t now_ms) = nullptr;
    // Adds to the request what proves who asks; it is whole by then. Null: attach_key() with the provider's AuthStyle.
    Result<> (*authorise)(const Provider& provider, const std::string& credential, std::int64_t now_ms,
                          UpstreamRequest& request) = nullptr;

    // --- answers
    // For an answer with this content type, null when it is an event stream or no stream. The function is null where
    // there is no such answer.
    std::unique_ptr<StreamFraming> (*framing)(DialectId dialect, std::string_view content_type) = nullptr;
    // An error (4xx, 5xx) that is not in the dialect's shape; nullopt when it is.
    std::optional<ApiError> (*error)(DialectId dialect, int status, const Headers& headers,
                                     std::string_view body) = nullptr;

    // A call that costs nothing and is refused without a good credential, for `keys test`; POSTs have the body {}.
    // Null: having got a credential is all that can be shown.
    struct Check {
        std::string method;
        std::string url;
    };
    Check (*check)(const Provider& provider) = nullptr;

    // GET BASE_URL/models lists its models, as everywhere else.
    bool lists_models = false;
};

}  // namespace llmgw
