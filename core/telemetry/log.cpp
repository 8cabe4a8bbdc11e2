#include "core/telemetry/log.hpp"

#include <array>
#include <atomic>
#include <ctime>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

#include "core/telemetry/redact.hpp"
#include "core/util/clock.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 4> level_names{"error", "warn", "info", "debug"};

std::atomic<LogLevel> current_level{LogLevel::info};

struct Sink {
    std::mutex mutex;
    std::function<void(std::string_view)> write;
};

Sink& sink() {
    static Sink instance;
    return instance;
}

void write_stderr(std::string_view line) {
    while (!line.empty()) {
        const auto n = ::write(STDERR_FILENO, line.data(), line.size());
        if (n <= 0) { return; }
        line.remove_prefix(static_cast<std::size_t>(n));
    }
}

void append_escaped(std::string& out, std::string_view text, bool quoted) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            if (quoted && (c == '"' || c == '\\')) { out += '\\'; }
            out += c;
        }
    }
}

bool needs_quotes(std::string_view value) {
    if (value.empty()) { return true; }
    return value.find_first_of(" \"=\t\n\r\\") != std::string_view::npos;
}

std::string utc_time(std::int64_t now_ms) {
    const auto seconds = static_cast<std::time_t>(now_ms / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now_ms % 1000);
}

}  // namespace

std::string_view to_string(LogLevel level) {
    return level_names[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> log_level_from(std::string_view name) {
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == name) { return static_cast<LogLevel>(i); }
    }
    return std::nullopt;
}

std::string format_log_line(std::int64_t now_ms, LogLevel level, std::string_view message,
                            std::initializer_list<LogField> fields) {
    std::string line = fmt::format("{} {:<5} ", utc_time(now_ms), to_string(level));
    // Redacted before escaping too: escapes would break up a secret that holds a quote or a line end.
    append_escaped(line, redact(message), false);
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        const std::string value = redact(field.value);
        const bool quotes = needs_quotes(value);
        if (quotes) { line += '"'; }
        append_escaped(line, value, quotes);
        if (quotes) { line += '"'; }
    }
    return redact(line);
}

void set_log_level(LogLevel level) {
    current_level = level;
}

bool log_enabled(LogLevel level) {
    return level <= current_level.load(std::memory_order_relaxed);
}

void set_log_sink(std::function<void(std::string_view line)> write) {
    auto& target = sink();
    const std::lock_guard lock(target.mutex);
    target.write = std::move(write);
}

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    if (!log_enabled(level)) { return; }
    const auto line = format_log_line(SystemClock().now_ms(), level, message, fields) + "\n";
    auto& target = sink();
    const std::lock_guard lock(target.mutex);
    if (target.write) {
        target.write(line);
    } else {
        write_stderr(line);
    }
}

}  // namespace llmgw
