#include <doctest/doctest.h>

#include "core/telemetry/log.hpp"

using namespace llmgw;

TEST_CASE("log: one line with time, level, message and fields") {
    CHECK(format_log_line(1'700'000'000'123, LogLevel::info, "listening", {{"address", "127.0.0.1:4117"}}) ==
          "2023-11-14T22:13:20.123Z info  listening address=127.0.0.1:4117");
    CHECK(format_log_line(0, LogLevel::error, "x", {{"why", "two words"}, {"empty", ""}, {"q", "a\"b"}}) ==
          "1970-01-01T00:00:00.000Z error x why=\"two words\" empty=\"\" q=\"a\\\"b\"");
}

TEST_CASE("log: a value cannot forge a line") {
    CHECK(format_log_line(0, LogLevel::warn, "a\nb", {{"v", "1\r\n2026 info  forged"}, {"esc", "\x1b[31m"}}) ==
          "1970-01-01T00:00:00.000Z warn  a\\nb v=\"1\\r\\n2026 info  forged\" esc=\\x1b[31m");
}

TEST_CASE("log: levels and sink") {
    std::string seen;
    set_log_sink([&](std::string_view line) { seen += line; });
    set_log_level(LogLevel::warn);
    log_info("not this");
    log_error("this", {{"key", "Bearer abcdef123456"}});
    set_log_level(LogLevel::info);
    set_log_sink({});
    CHECK(seen.find("not this") == std::string::npos);
    CHECK(seen.ends_with("error this key=\"Bearer [redacted]\"\n"));
    CHECK(log_level_from("debug") == LogLevel::debug);
    CHECK_FALSE(log_level_from("loud"));
    CHECK(to_string(LogLevel::warn) == "warn");
}
