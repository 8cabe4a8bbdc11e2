// What decoders say, as lines of text that tests can compare and people can read.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/dialect/dialect.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/sse.hpp"

namespace llmgw::test {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The recorded provider data next to the source tree, when it is there.
inline std::filesystem::path fixtures_dir() {
    const char* shared = std::getenv("LLMGW_SHARED");
    return std::filesystem::path(shared != nullptr ? shared : LLMGW_SOURCE_DIR "/../shared") / "fixtures";
}

inline std::string text_of(const TokenCounts& counts) {
    std::string out;
    const auto put = [&](std::string_view name, Tokens value) {
        if (value) { out += fmt::format(" {}={}", name, *value); }
    };
    put("input", counts.input);
    put("cache_read", counts.cache_read);
    put("cache_write_5m", counts.cache_write_5m);
    put("cache_write_1h", counts.cache_write_1h);
    put("output", counts.output);
    put("reasoning", counts.reasoning);
    put("audio_input", counts.audio_input);
    put("audio_output", counts.audio_output);
    return out;
}

inline std::string text_of(const Usage& usage) {
    std::string out = text_of(usage.counts);
    for (const auto& pass : usage.iterations) {
        out += fmt::format(" [{}:{}]", pass.model, text_of(pass.counts));
    }
    if (!usage.service_tier.empty()) { out += " tier=" + usage.service_tier; }
    if (!usage.speed.empty()) { out += " speed=" + usage.speed; }
    if (!usage.inference_geo.empty()) { out += " geo=" + usage.inference_geo; }
    if (usage.web_search_requests != 0) { out += fmt::format(" searches={}", usage.web_search_requests); }
    if (usage.reported_cost_nano) { out += fmt::format(" cost_nano={}", *usage.reported_cost_nano); }
    return out;
}

inline std::string text_of(const ApiError& error) {
    return fmt::format(" {} {} {}", error.status, to_string(error.error_class), error.message);
}

inline std::string text_of(const Event& event) {
    struct Visitor {
        std::string operator()(const event::Started& e) const { return fmt::format("started {} {}", e.id, e.model); }
        std::string operator()(const event::Content& e) const { return fmt::format("content {}", e.bytes); }
        std::string operator()(const event::UsageSeen& e) const { return "usage" + text_of(e.usage); }
        std::string operator()(const event::Finished& e) const { return "finished " + e.reason; }
        std::string operator()(const event::Failed& e) const { return "failed" + text_of(e.error); }
        std::string operator()(const event::Terminal&) const { return "terminal"; }
    };
    return std::visit(Visitor{}, event);
}

struct StreamReading {
    std::string raw;  // every raw of every event, and what was pending at the end
    std::vector<Event> events;
    std::string text;  // one line an event
    StreamState state;
};

// Feeds a stream in pieces of at most `piece_bytes`, the first of them `first_bytes` long when that is not 0.
inline StreamReading read_stream(const Dialect& dialect, std::string_view stream, std::size_t piece_bytes,
                                 std::size_t first_bytes = 0) {
    StreamReading reading;
    SseFramer framer;
    const auto decoder = dialect.stream_decoder();
    std::size_t at = 0;
    while (at < stream.size()) {
        const std::size_t size = at == 0 && first_bytes != 0 ? first_bytes : piece_bytes;
        // A copy of its own for each piece, so that a view that outlives its call is seen by the sanitizers.
        const std::string piece(stream.substr(at, size));
        for (const auto& sse : framer.feed(piece)) {
            reading.raw += sse.raw;
            decoder->decode(sse, reading.events);
        }
        at += piece.size();
    }
    SseEvent tail;
    if (framer.finish(tail)) { decoder->decode(tail, reading.events); }
    reading.raw += framer.pending();
    decoder->finish(reading.events);
    for (const auto& event : reading.events) {
        reading.text += text_of(event) + "\n";
    }
    reading.state = decoder->state();
    return reading;
}

template <class Wanted>
const Wanted* last_of(const std::vector<Event>& events) {
    const Wanted* last = nullptr;
    for (const auto& event : events) {
        if (const auto* found = std::get_if<Wanted>(&event)) { last = found; }
    }
    return last;
}

}  // namespace llmgw::test
