// The process log: one line per entry on standard error, for the person who runs llmgw. The usage log
// (core/usage) is something else.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

enum class LogLevel { error, warn, info, debug };

std::string_view to_string(LogLevel level);
std::optional<LogLevel> log_level_from(std::string_view name);

struct LogField {
    std::string_view key;
    std::string value;
};

// 2023-11-14T22:13:20.000Z info  message key=value other="two words"
// One line without its line end: control characters are escaped, so that no value can forge an entry. Redacted.
std::string format_log_line(std::int64_t now_ms, LogLevel level, std::string_view message,
                            std::initializer_list<LogField> fields);

// Entries above this level are not written; info at start.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Where lines go, line end included; an empty function means standard error. For tests.
void set_log_sink(std::function<void(std::string_view line)> sink);

// Thread-safe. Never throws on a full or closed standard error: the line is lost.
void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log_line(LogLevel::error, message, fields);
}
inline void log_warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log_line(LogLevel::warn, message, fields);
}
inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log_line(LogLevel::info, message, fields);
}
inline void log_debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log_line(LogLevel::debug, message, fields);
}

}  // namespace llmgw
