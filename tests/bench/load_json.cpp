#include <cstdio>

#include "tests/bench/load.hpp"

namespace llmgw::bench {
namespace {

std::string member(const char* name, double value) {
    char text[96];
    std::snprintf(text, sizeof text, "\"%s\":%.6g,", name, value);
    return text;
}

std::string member(const char* name, std::uint64_t value) {
    return "\"" + std::string(name) + "\":" + std::to_string(value) + ",";
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += escape;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string to_json(const LoopResult& result) {
    return "{" + member("requests_per_s", result.requests_per_s) + member("p50_us", result.p50_us) +
           member("p90_us", result.p90_us) + member("p99_us", result.p99_us) + member("calls", result.calls) +
           member("errors", result.errors) + member("reconnects", result.reconnects) +
           "\"first_error\":" + json_string(result.first_error) + "}";
}

std::string to_json(const StreamsResult& result) {
    return "{" + member("streams", result.streams) + member("broken", result.broken) + member("events", result.events) +
           member("connect_ms_max", result.connect_ms_max) + member("first_event_ms_p50", result.first_event_ms_p50) +
           member("first_event_ms_p99", result.first_event_ms_p99) +
           member("first_event_ms_max", result.first_event_ms_max) + member("delay_us_p50", result.delay_us_p50) +
           member("delay_us_p99", result.delay_us_p99) + member("delay_us_max", result.delay_us_max) +
           member("steady_us_p50", result.steady_us_p50) + member("steady_us_p99", result.steady_us_p99) +
           member("seconds", result.seconds) + "\"first_error\":" + json_string(result.first_error) + "}";
}

}  // namespace llmgw::bench
