#include "core/gateway/translation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/gateway/header_rules.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/text.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

// Long lists are cut: a header line has its bounds, and the first losses are the telling ones.
constexpr std::size_t dropped_bytes_max = 1024;

std::string path_for(DialectId dialect, const std::string& model, bool stream) {
    switch (dialect) {
        case DialectId::anthropic: return "/v1/messages";
        case DialectId::openai_chat: return "/v1/chat/completions";
        case DialectId::openai_responses: return "/v1/responses";
        case DialectId::gemini:
            return "/v1beta/models/" + percent_encode(model, "/:@") +
                   (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
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

// The request with what it goes on from put in front of it, and in `translation` what is needed to keep the answer.
// Error: unknown_turn.
Result<std::string_view> with_history(const Exchange& exchange, Translation& translation, std::string& storage) {
    const auto* turns = translation.client->turns();
    // Nothing goes on from the other operations (a compaction, a count).
    if (turns == nullptr || exchange.endpoint.path != "/v1/responses") { return std::string_view(exchange.body); }
    const auto said = turns->request(exchange.body);
    std::string_view body = exchange.body;
    translation.previous_id = said.previous_id;
    if (!said.previous_id.empty()) {
        const auto items = exchange.services.turns.find(exchange.row.client_key, said.previous_id,
                                                        turn_limits(exchange.snapshot->config.responses));
        if (!items) {
            return fail(ErrorKind::unknown_turn, "Previous response with id '" + said.previous_id + "' not found.");
        }
        auto whole = turns->continued(body, *items);
        if (!whole) { return std::unexpected(whole.error()); }
        storage = std::move(*whole);
        body = storage;
    }
    if (said.store && exchange.snapshot->config.responses.keep_count > 0) {
        auto items = turns->items(body);
        if (!items) { return std::unexpected(items.error()); }
        translation.items_to_keep = std::move(*items);
    }
    return body;
}

// Keeps the answer that ends with these bytes, before the client can name it.
void keep_turn(const Exchange& exchange, Translation& translation, std::string_view bytes, bool is_event_stream) {
    if (!translation.items_to_keep) { return; }
    const auto& turns = *translation.client->turns();
    const auto reader = turns.reader();
    if (is_event_stream) {
        SseFramer framer;
        for (const auto& event : framer.feed(bytes)) {
            reader->event(event);
        }
    } else {
        reader->whole(bytes);
    }
    if (const auto turn = reader->turn()) {
        if (auto items = turns.followed(*translation.items_to_keep, turn->output)) {
            exchange.services.turns.put(exchange.row.client_key, turn->id, std::move(*items),
                                        turn_limits(exchange.snapshot->config.responses));
        }
    }
    translation.items_to_keep.reset();
}

bool wants_json_array(const Endpoint& endpoint) {
    return endpoint.dialect == DialectId::gemini && endpoint.stream_by_path &&
           endpoint.query.find("alt=sse") == std::string::npos;
}

}  // namespace

Result<> prepare_translation(Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out) {
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

    auto traits = target.provider->traits;
    traits.model = target.model;
    auto encoded = translation->provider->encode_request(asked, traits, translation->drops);
    if (!encoded) { return std::unexpected(encoded.error()); }
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
    out.edited = std::move(encoded->body);
    describe_upstream(exchange, *target.provider, key, path_for(target.dialect, target.model, asked.stream),
                      std::move(headers), out);
    exchange.translation = std::move(translation);
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
    auto error = exchange.upstream_dialect().decode_error(status, body);
    if (const auto said = find_header(upstream_headers, "retry-after"); !error.retry_after_s && !said.empty()) {
        int seconds = 0;
        const bool number = std::ranges::all_of(said, [](char c) { return c >= '0' && c <= '9'; }) && said.size() < 7;
        if (number) { seconds = std::stoi(std::string(said)); }
        if (number) { error.retry_after_s = seconds; }
    }
    // Codex gives up on a 429 that says no time.
    if (error.error_class == ErrorClass::rate_limit && !error.retry_after_s) { error.retry_after_s = 1; }
    return for_client(exchange, std::move(error));
}

std::expected<TranslatedAnswer, ApiError> translated_answer(const Exchange& exchange, std::string_view body,
                                                            bool is_event_stream) {
    auto& translation = *exchange.translation;
    std::vector<AnswerEvent> events;
    if (is_event_stream) {
        SseFramer framer;
        const auto decoder = translation.provider->answer_decoder();
        for (const auto& event : framer.feed(body)) {
            decoder->decode(event, events);
        }
        if (SseEvent tail; framer.finish(tail)) { decoder->decode(tail, events); }
        decoder->finish(events);
    } else if (!translation.provider->decode_answer(body, events)) {
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
    const auto encoder = translation.client->answer_encoder(translation.wishes, translation.drops);
    std::string stream;
    for (const auto& event : events) {
        encoder->encode(event, stream);
    }
    keep_turn(exchange, translation, stream, true);
    return TranslatedAnswer{"text/event-stream", std::move(stream)};
}

std::string dropped_names(const Drops& drops) {
    std::string names;
    for (const auto& drop : drops.all()) {
        std::string name;
        for (const char c : drop.field) {
            if (c > 0x20 && c < 0x7f && c != ',') { name += c; }
        }
        if (names.size() + name.size() > dropped_bytes_max) { return names + ", ..."; }
        names += (names.empty() ? "" : ", ") + name;
    }
    return names;
}

StreamTranslator::StreamTranslator(const Exchange& exchange)
    : exchange_(exchange),
      translation_(exchange.translation),
      client_(exchange.dialect()),
      decoder_(translation_->provider->answer_decoder()),
      encoder_(translation_->client->answer_encoder(translation_->wishes, translation_->drops)) {}

std::string_view StreamTranslator::encode(const std::vector<AnswerEvent>& said) {
    bytes_.clear();
    for (const auto& event : said) {
        if (over_) { break; }
        over_ = std::holds_alternative<answer::End>(event);
        encoder_->encode(event, bytes_);
    }
    begun_ = begun_ || !bytes_.empty();
    if (over_) { keep_turn(exchange_, *translation_, bytes_, true); }
    if (!translation_->json_array) { return bytes_; }
    // The same data as the elements of one array.
    framed_.clear();
    SseFramer framer;
    for (const auto& event : framer.feed(bytes_)) {
        if (event.comment_only) { continue; }
        framed_.append(std::exchange(array_open_, true) ? ",\r\n" : "[").append(event.data);
    }
    if (over_) { framed_ += array_open_ ? "]" : "[]"; }
    return framed_;
}

std::string_view StreamTranslator::events(const std::vector<SseEvent>& events) {
    said_.clear();
    for (const auto& event : events) {
        decoder_->decode(event, said_);
    }
    return encode(said_);
}

std::string_view StreamTranslator::event(const SseEvent& event) {
    said_.clear();
    decoder_->decode(event, said_);
    return encode(said_);
}

std::string_view StreamTranslator::end() {
    said_.clear();
    decoder_->finish(said_);
    return encode(said_);
}

std::string_view StreamTranslator::fail(const ApiError& error) {
    return encode({answer::Failed{error}, answer::End{}});
}

std::string_view StreamTranslator::ping() {
    return translation_->json_array ? std::string_view() : client_.ping(begun_);
}

}  // namespace llmgw
