#include "core/gateway/stream_translator.hpp"

#include <cassert>
#include <utility>

#include "core/gateway/kept_turns.hpp"
#include "core/telemetry/log.hpp"

namespace llmgw {

StreamTranslator::StreamTranslator(const Exchange& exchange)
    : exchange_(exchange),
      translation_(exchange.translation),
      client_(exchange.dialect()),
      decoder_(translation_->provider->answer_decoder_for(translation_->traits)),
      encoder_(translation_->client->answer_encoder(translation_->wishes, translation_->drops)) {
#ifndef NDEBUG
    check_ = std::make_unique<EmittedCheck>(*translation_->client);
#endif
}

// A stream that breaks its dialect's grammar is a fault of llmgw's own, whatever the provider sent (T2).
void StreamTranslator::check_sent() {
    if (!check_) { return; }
    check_->add(bytes_);
    if (over_) { check_->end(); }
    if (check_->fault().empty()) { return; }
    log_error("a translated stream breaks its dialect's grammar",
              {{"call", exchange_.call_id()}, {"fault", check_->fault()}});
    assert(false && "a translated stream breaks its dialect's grammar");
}

std::string_view StreamTranslator::encode(const std::vector<AnswerEvent>& said) {
    bytes_.clear();
    if (over_) { return {}; }
    for (const auto& event : said) {
        if (over_) { break; }
        over_ = std::holds_alternative<answer::End>(event);
        encoder_->encode(event, bytes_);
    }
    begun_ = begun_ || !bytes_.empty();
    check_sent();
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
