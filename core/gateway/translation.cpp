#include "core/gateway/translation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/dialect/missing_tools.hpp"
#include "core/gateway/header_rules.hpp"
#include "core/gateway/host_request.hpp"
#include "core/gateway/kept_turns.hpp"
#include "core/gateway/stream_translator.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/text.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

// A longer list is cut, because clients bound what they read of a head; the log has all of it.
constexpr std::size_t dropped_bytes_max = 4096;

std::string path_for(DialectId dialect, const std::string& model, bool stream) {
    switch (dialect) {
        case DialectId::anthropic: return "/v1/messages";
        case DialectId::openai_chat: return "/v1/chat/completions";
        case DialectId::openai_responses: return "/v1/responses";
        case DialectId::gemini:
            return "/v1beta/models/" + percent_encode(model, "/:@") +
                   (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
        case DialectId::ollama_chat: return "/api/chat";
        case DialectId::bedrock_converse:
            return "/model/" + percent_encode(model) + (stream ? "/converse-stream" : "/converse");
        case DialectId::cohere_chat: return "/v2/chat";
    }
    return {};
}

// Where the dialect's own counting is asked for; "" where it has none.
std::string count_path_for(DialectId dialect, const std::string& model) {
    switch (dialect) {
        case DialectId::anthropic: return "/v1/messages/count_tokens";
        case DialectId::openai_responses: return "/v1/responses/input_tokens";
        case DialectId::gemini: return "/v1beta/models/" + percent_encode(model, "/:@") + ":countTokens";
        case DialectId::bedrock_converse: return "/model/" + percent_encode(model) + "/count-tokens";
        case DialectId::ollama_chat:
        case DialectId::openai_chat:
        case DialectId::cohere_chat: break;
    }
    return {};
}

// Headers that mean something in the client's dialect only. They go together with the body members they belong to,
// and each is named (T6b). What a library says about itself is nobody's loss.
constexpr std::array<std::string_view, 3> dialect_prefixes{"anthropic-", "openai-", "x-goog-"};
constexpr std::array<std::string_view, 2> silent_prefixes{"x-stainless-", "x-goog-api-client"};
constexpr std::array<std::string_view, 2> silent_names{"anthropic-version",
                                                       "anthropic-dangerous-direct-browser-access"};

Headers translated_headers(const Headers& client, DialectId target, Drops& drops) {
    Headers out;
    for (auto& [name, value] : forwarded_request_headers(client)) {
        const auto key = lower(name);
        const auto begins = [&](std::string_view prefix) { return key.starts_with(prefix); };
        if (key == "content-type" || std::ranges::any_of(silent_prefixes, begins) ||
            std::ranges::find(silent_names, key) != silent_names.end()) {
            continue;
        }
        if (std::ranges::any_of(dialect_prefixes, begins)) {
            drops.note(key, "a header of the client's dialect");
            continue;
        }
        out.emplace_back(std::move(name), std::move(value));
    }
    out.emplace_back("Content-Type", "application/json");
    if (target == DialectId::anthropic) { out.emplace_back("anthropic-version", "2023-06-01"); }
    return out;
}

// The status a client of this dialect expects for a class; 0 where the class has one for all.
int status_in(DialectId client, ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::overloaded: return client == DialectId::anthropic ? 529 : 503;
        case ErrorClass::billing: return client == DialectId::anthropic ? 402 : 429;
        case ErrorClass::context_length:
        case ErrorClass::content_filter:
        case ErrorClass::bad_request: return 400;
        // The provider's key is the operator's business: 401 would make agents think their own key is bad.
        case ErrorClass::authentication: return 403;
        default: return 0;
    }
}

ApiError for_client(const Exchange& exchange, ApiError error) {
    if (const int status = status_in(exchange.endpoint.dialect, error.error_class); status != 0) {
        error.status = status;
    }
    if (error.error_class == ErrorClass::authentication) { error.error_class = ErrorClass::permission; }
    if (error.status < 400) { error.status = 502; }
    if (error.request_id.empty()) { error.request_id = exchange.call_id(); }
    return error;
}

Error refused_by_strict(const Exchange& exchange, const Target& target, const Drops& drops) {
    std::string fields;
    for (const auto& drop : drops.all()) {
        fields += (fields.empty() ? "" : "; ") + drop.field + " (" + drop.reason + ")";
    }
    const auto& route = exchange.strict_route;
    const auto who = route.empty() ? "provider \"" + target.provider->name + "\"" : "route \"" + route + "\"";
    return {ErrorKind::bad_request, "llmgw: " + who + " is strict, and " + target.provider->name + "/" + target.model +
                                        " (" + std::string(to_string(target.dialect)) + ") cannot be told: " + fields};
}

void log_dropped(const Exchange& exchange, std::size_t from) {
    const auto& all = exchange.translation->drops.all();
    for (std::size_t i = from; i < all.size(); ++i) {
        log_debug("left out in translation",
                  {{"call", exchange.call_id()}, {"field", all[i].field}, {"why", all[i].reason}});
    }
}

bool wants_json_array(const Endpoint& endpoint) {
    return endpoint.dialect == DialectId::gemini && endpoint.stream_by_path &&
           endpoint.query.find("alt=sse") == std::string::npos;
}

}  // namespace

Result<> prepare_translation(Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out) {
    // Routing has looked at providers that speak another dialect than the endpoint, and not at bodies that do.
    if (target.provider->passthrough()) {
        return fail(ErrorKind::bad_request, "llmgw: provider \"" + target.provider->name +
                                                "\" is passthrough: the client's own credential cannot go with a "
                                                "request that has to be translated. Give it an api_key.");
    }
    auto translation = std::make_shared<Translation>();
    translation->client = exchange.dialect().codec();
    translation->provider = exchange.upstream_dialect().codec();
    std::string storage;
    const auto body = with_history(exchange, *translation, storage);
    if (!body) { return std::unexpected(body.error()); }
    auto request = translation->client->decode_request(*body);
    if (!request) { return std::unexpected(request.error()); }
    translation->request = std::move(*request);
    auto& asked = translation->request;
    if (exchange.endpoint.model_in_path) {
        asked.model = exchange.endpoint.path_model;
        asked.stream = exchange.endpoint.stream_by_path;
    }
    translation->json_array = wants_json_array(exchange.endpoint);

    auto& traits = translation->traits;
    traits = target.provider->traits;
    traits.model = target.model;
    const bool counting = exchange.endpoint.operation == Operation::count_tokens;
    auto encoded = counting ? translation->provider->encode_count_request(asked, traits, translation->drops)
                            : translation->provider->encode_request(asked, traits, translation->drops);
    if (!encoded) { return std::unexpected(encoded.error()); }
    if (const auto missing = missing_server_tool(asked, translation->drops); !missing.empty() && !counting) {
        return fail(ErrorKind::bad_request, "llmgw: the request is about a tool that " + target.provider->name + "/" +
                                                target.model + " has not: " + missing);
    }
    // Echoed to the client, and no word of it to the provider.
    asked.previous_response_id = translation->previous_id;

    auto& wishes = translation->wishes;
    wishes.call_id = exchange.call_id();
    wishes.model = asked.model;
    wishes.now_s = exchange.services.clock.now_ms() / 1000;
    wishes.stream_usage = asked.stream_usage;
    wishes.wants_sealed = asked.wants_sealed || exchange.endpoint.dialect != DialectId::openai_responses;
    wishes.show_reasoning = asked.reasoning.show.value_or(true);
    wishes.request = &translation->request;

    auto headers = translated_headers(exchange.request.headers, target.dialect, translation->drops);
    if ((target.provider->strict || !exchange.strict_route.empty()) && !translation->drops.empty()) {
        return std::unexpected(refused_by_strict(exchange, target, translation->drops));
    }
    out.edited = std::move(encoded->body);
    describe_upstream(
        exchange, *target.provider, key,
        counting ? count_path_for(target.dialect, target.model) : path_for(target.dialect, target.model, asked.stream),
        std::move(headers), out);
    translation->request_drops = translation->drops.all().size();
    exchange.translation = std::move(translation);
    log_dropped(exchange, 0);
    return {};
}

Result<> take_out_foreign_seals(const Exchange& exchange, const Target& target, PreparedRequest& prepared) {
    const auto& codec = *exchange.dialect().codec();
    auto request = codec.decode_request(exchange.body);
    if (!request) { return std::unexpected(request.error()); }
    if (exchange.endpoint.model_in_path) {
        request->model = exchange.endpoint.path_model;
        request->stream = exchange.endpoint.stream_by_path;
    }
    auto traits = target.provider->traits;
    traits.model = target.model;
    Drops drops;
    auto encoded = codec.encode_request(*request, traits, drops);
    if (!encoded) { return std::unexpected(encoded.error()); }
    prepared.edited = std::move(encoded->body);
    prepared.request.body = prepared.edited;
    return {};
}

ApiError translated_error(const Exchange& exchange, int status, std::string_view body,
                          const Headers& upstream_headers) {
    auto error = upstream_error(exchange, status, upstream_headers, body);
    // A date is passed on as the header it came in.
    const auto said = find_header(upstream_headers, "retry-after");
    const bool number =
        !said.empty() && said.size() < 7 && std::ranges::all_of(said, [](char c) { return c >= '0' && c <= '9'; });
    if (number) { error.retry_after_s = std::stoi(std::string(said)); }
    if (!number && !said.empty()) { error.retry_after_s.reset(); }
    if (error.request_id.empty()) {
        Headers ids = upstream_headers;
        name_request_id(DialectId::anthropic, ids);
        error.request_id = find_header(ids, "request-id");
    }
    return for_client(exchange, std::move(error));
}

std::expected<TranslatedAnswer, ApiError> translated_answer(const Exchange& exchange, std::string_view body,
                                                            bool is_event_stream) {
    auto& translation = *exchange.translation;
    std::vector<AnswerEvent> events;
    if (is_event_stream) {
        SseFramer framer;
        const auto decoder = translation.provider->answer_decoder_for(translation.traits);
        for (const auto& event : framer.feed(body)) {
            decoder->decode(event, events);
        }
        if (SseEvent tail; framer.finish(tail)) { decoder->decode(tail, events); }
        decoder->finish(events);
    } else if (!translation.provider->decode_answer_for(translation.traits, body, events)) {
        return std::unexpected(for_client(
            exchange,
            {502, ErrorClass::server, exchange.row.provider + " gave an answer that is none of its dialect", {}, {}}));
    }
    for (const auto& event : events) {
        if (const auto* failed = std::get_if<answer::Failed>(&event)) {
            return std::unexpected(for_client(exchange, failed->error));
        }
    }
    if (events.empty() || !std::holds_alternative<answer::End>(events.back())) {
        return std::unexpected(for_client(
            exchange,
            {502, ErrorClass::truncated, exchange.row.provider + " ended its answer before it was complete", {}, {}}));
    }
    if (!translation.request.stream) {
        auto whole = translation.client->encode_answer(events, translation.wishes, translation.drops);
        keep_turn(exchange, translation, whole, false);
        return TranslatedAnswer{"application/json", std::move(whole)};
    }
    // The client asked for a stream, the provider answered whole.
    StreamTranslator translator(exchange);
    return TranslatedAnswer{stream_content_type(translation), std::string(translator.encode(events))};
}

std::string stream_content_type(const Translation& translation) {
    return translation.json_array ? "application/json" : "text/event-stream";
}

void set_dropped(const Translation& translation, Headers& headers) {
    std::erase_if(headers, [](const Header& header) { return iequals(header.first, "x-llmgw-dropped"); });
    const auto& all = translation.drops.all();
    if (all.empty()) { return; }
    std::string names;
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::string name;
        for (const char c : all[i].field) {
            if (c >= 0x20 && c < 0x7f && c != ',') { name += c; }
        }
        if (names.size() + name.size() > dropped_bytes_max) {
            names += ", and " + std::to_string(all.size() - i) + " more";
            break;
        }
        names += (names.empty() ? "" : ", ") + name;
    }
    headers.emplace_back("x-llmgw-dropped", std::move(names));
}

void log_lost(const Exchange& exchange) {
    log_dropped(exchange, exchange.translation->request_drops);
}

void name_request_id(DialectId client, Headers& headers) {
    const std::string_view wanted = client == DialectId::anthropic ? "request-id" : "x-request-id";
    if (!find_header(headers, wanted).empty()) { return; }
    for (const std::string_view name : {"request-id", "x-request-id", "x-goog-request-id", "x-amzn-requestid"}) {
        if (std::string id(find_header(headers, name)); !id.empty()) {
            headers.emplace_back(wanted, std::move(id));
            return;
        }
    }
}

}  // namespace llmgw
