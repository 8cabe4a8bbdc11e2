#include "core/provider/key_test.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "core/gateway/header_rules.hpp"
#include "core/net/timer_fd.hpp"
#include "core/provider/host.hpp"
#include "core/route/retry.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

// Says in the provider's log what it is.
const std::string made_up_key = "llmgw-keys-test-made-up-key-that-must-be-refused";
constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr std::size_t message_bytes_max = 300;

struct Call {
    std::string method;
    std::string path;
};

// What an answer says about the key it was asked with.
enum class Reaction {
    taken,       // 2xx
    no_key,      // the key is none
    let_not_in,  // 403, 402: known, but
    complained,  // another 4xx: about the request, so perhaps past the key
    failed,
};

struct Answer {
    Reaction reaction = Reaction::failed;
    std::int64_t latency_ms = 0;
    std::string message;
    std::optional<std::int64_t> provider_time_ms = std::nullopt;
};

DialectId dialect_of(const Provider& provider) {
    return provider.dialects.empty() ? DialectId::openai_chat : provider.dialects.front();
}

// The base URL of these two has no version, whatever is spoken there.
bool versionless(const Provider& provider) {
    return provider.type == "anthropic" || provider.type == "gemini";
}

std::string with_version(const Provider& provider, const std::string& path) {
    if (!versionless(provider)) { return path; }
    return (dialect_of(provider) == DialectId::gemini ? "/v1beta" : "/v1") + path;
}

Call models_call(const Provider& provider, const KeyCheck* check) {
    return {"GET", check != nullptr ? std::string(check->path) : with_version(provider, "/models")};
}

// No model and no prompt: nothing can be generated, and nothing billed.
Call empty_call(const Provider& provider) {
    switch (dialect_of(provider)) {
        case DialectId::anthropic: return {"POST", with_version(provider, "/messages")};
        case DialectId::openai_responses: return {"POST", with_version(provider, "/responses")};
        case DialectId::gemini: return {"POST", with_version(provider, "/models/none:countTokens")};
        case DialectId::openai_chat:
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: break;
    }
    return {"POST", with_version(provider, "/chat/completions")};
}

// xAI calls a bad key a bad request, as Gemini does.
bool speaks_of_the_key(std::string_view message) {
    const auto text = lower(message);
    return std::ranges::any_of(std::initializer_list<std::string_view>{"api key", "api-key", "api_key", "apikey"},
                               [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

Reaction reaction_to(int status, const ApiError& error) {
    if (status >= 200 && status < 300) { return Reaction::taken; }
    if (status == 401 || error.error_class == ErrorClass::authentication) { return Reaction::no_key; }
    if (status == 400 && speaks_of_the_key(error.message)) { return Reaction::no_key; }
    if (status == 402 || status == 403 || error.error_class == ErrorClass::billing) { return Reaction::let_not_in; }
    // 407 is a proxy's, 408 and 429 say nothing about the key.
    const bool about_the_request = status >= 400 && status < 500 && status != 407 && status != 408 && status != 429;
    return about_the_request ? Reaction::complained : Reaction::failed;
}

std::string shortened(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    if (text.size() > message_bytes_max) {
        std::size_t end = message_bytes_max;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
            --end;
        }
        text.resize(end);
        text += "...";
    }
    return text;
}

class Tester {
public:
    Tester(const Provider& provider, const KeyTestTools& tools)
        : provider_(provider), tools_(tools), timer_(timer_fd(std::max(tools.limit, std::chrono::milliseconds(1)))) {}

    Answer ask(const Call& call, const std::string& key) const {
        return ask_url(call.method, provider_.base_url + call.path, key);
    }

    Answer ask_url(const std::string& method, const std::string& url, const std::string& key) const {
        UpstreamRequest request;
        request.method = method;
        request.url = url;
        request.headers = {{"Accept", "application/json"}, {"User-Agent", "llmgw"}};
        if (dialect_of(provider_) == DialectId::anthropic) {
            request.headers.emplace_back("anthropic-version", "2023-06-01");
        }
        request.has_body = method == "POST";
        if (request.has_body) {
            request.headers.emplace_back("Content-Type", "application/json");
            request.body = "{}";
        }
        if (const auto proven = prove(request, key); !proven) {
            return {Reaction::no_key, 0, shortened(redact(proven.error().message)), std::nullopt};
        }
        // The timer is the limit; these are only not to be shorter.
        request.connect_timeout = request.first_byte_timeout = request.idle_timeout =
            tools_.limit + std::chrono::seconds(1);

        const auto start = tools_.clock.steady_us();
        Answer answer;
        auto opened = tools_.transport.open(request, Watch{-1, timer_.get()});
        if (!opened) {
            answer.message = failure_text(opened.error());
            return answer;
        }
        auto& response = **opened;
        answer.latency_ms = (tools_.clock.steady_us() - start) / 1000;
        if (const auto date = parse_http_date(find_header(response.headers(), "date"))) {
            answer.provider_time_ms = *date * 1000;
        }
        const int status = response.status();
        if (status >= 200 && status < 300) {
            answer.reaction = Reaction::taken;
            return answer;
        }
        const auto error = what_it_says(status, response.headers(), read(response));
        answer.reaction = reaction_to(status, error);
        answer.message = shortened(redact(fmt::format("{} answered {}: {}", origin(), status, error.message)));
        if (status >= 300 && status < 400) {
            answer.message = fmt::format(
                "{} answered {}, a redirect, which is not followed with a key; is base_url right?", origin(), status);
        }
        return answer;
    }

    std::string origin() const { return origin_of(provider_.base_url); }

private:
    ApiError what_it_says(int status, const Headers& headers, const std::string& body) const {
        const auto* host = provider_.host;
        const bool own_shape = host != nullptr && host->error != nullptr;
        auto own = own_shape ? host->error(dialect_of(provider_), status, headers, body) : std::nullopt;
        return own ? std::move(*own) : tools_.dialects.get(dialect_of(provider_)).decode_error(status, body);
    }

    Result<> prove(UpstreamRequest& request, const std::string& key) const {
        if (provider_.host != nullptr && provider_.host->authorise != nullptr) {
            return provider_.host->authorise(provider_, key, tools_.clock.now_ms(), request);
        }
        attach_key(request.headers, provider_.auth, key);
        return {};
    }

    // What there is of the body; a broken one is judged by its status.
    std::string read(UpstreamResponse& response) const {
        std::string body;
        while (body.size() < answer_bytes_max) {
            const auto chunk = response.read(Watch{-1, timer_.get()}, tools_.limit);
            if (!chunk) { break; }
            body += chunk->bytes;
            if (chunk->end || chunk->idle) { break; }
        }
        return body;
    }

    std::string failure_text(const Error& error) const {
        // The only thing that makes this watch end a wait is the timer.
        if (error.kind == ErrorKind::unavailable) {
            return fmt::format("{} did not answer within {:.3g} s", origin(),
                               static_cast<double>(tools_.limit.count()) / 1000.0);
        }
        return shortened(redact(error.message));
    }

    const Provider& provider_;
    const KeyTestTools& tools_;
    Fd timer_;
};

KeyTest verdict(KeyVerdict value, const Answer& answer) {
    return {value, answer.latency_ms, value == KeyVerdict::good ? std::string() : answer.message,
            answer.provider_time_ms};
}

// Decided by this answer alone, when it can be.
std::optional<KeyTest> decided(const Answer& answer) {
    if (answer.reaction == Reaction::no_key) { return verdict(KeyVerdict::bad, answer); }
    if (answer.reaction == Reaction::failed) { return verdict(KeyVerdict::failed, answer); }
    return std::nullopt;
}

// A host that is asked in a way of its own knows such a call itself.
KeyTest test_at_host(const Tester& tester, const Host& host, const Provider& provider, const std::string& key) {
    if (host.check == nullptr) { return {.verdict = KeyVerdict::good, .message = {}}; }
    const auto check = host.check(provider);
    const auto asked = tester.ask_url(check.method, check.url, key);
    if (auto done = decided(asked)) { return *done; }
    if (asked.reaction == Reaction::let_not_in) { return verdict(KeyVerdict::refused, asked); }
    return verdict(KeyVerdict::good, asked);
}

bool refuses(const Answer& answer) {
    return answer.reaction == Reaction::no_key || answer.reaction == Reaction::let_not_in;
}

}  // namespace

KeyTest test_key(const Provider& provider, const std::string& key, const KeyCheck* check, const KeyTestTools& tools) {
    register_secret(key);
    const Tester tester(provider, tools);
    if (provider.host != nullptr) { return test_at_host(tester, *provider.host, provider, key); }
    const auto models = models_call(provider, check);
    const auto listed = tester.ask(models, key);
    if (auto done = decided(listed)) { return *done; }
    if (listed.reaction == Reaction::taken) {
        if (check != nullptr) { return verdict(KeyVerdict::good, listed); }
        const auto control = tester.ask(models, made_up_key);
        if (refuses(control)) { return verdict(KeyVerdict::good, listed); }
        if (control.reaction == Reaction::failed) { return verdict(KeyVerdict::failed, control); }
    }

    // A key may be good and not be allowed to list models, or there is no list, or it is open to all.
    const auto empty = empty_call(provider);
    const auto asked = tester.ask(empty, key);
    if (auto done = decided(asked)) { return *done; }
    if (asked.reaction == Reaction::let_not_in) { return verdict(KeyVerdict::refused, asked); }
    const auto control = tester.ask(empty, made_up_key);
    if (refuses(control)) { return verdict(KeyVerdict::good, asked); }
    if (control.reaction == Reaction::failed) { return verdict(KeyVerdict::failed, control); }
    return {KeyVerdict::unproven, asked.latency_ms,
            fmt::format("{} answers a made-up key in the same way, so this cannot tell a good one from a bad one",
                        tester.origin()),
            asked.provider_time_ms};
}

}  // namespace llmgw
