#include "core/usage/time_labels.hpp"

#include <ctime>

namespace llmgw {
namespace {

std::int64_t floor_to(std::int64_t ms, std::int64_t step) {
    const auto rest = ms % step;
    return ms - (rest < 0 ? rest + step : rest);
}

const char* format_of(TimeUnit unit) {
    switch (unit) {
        case TimeUnit::hour: return "%Y-%m-%d %H:00%z";
        case TimeUnit::day: return "%Y-%m-%d";
        case TimeUnit::week: return "%G-W%V";
        case TimeUnit::month: return "%Y-%m";
    }
    return "";
}

}  // namespace

std::int64_t quarter_of(std::int64_t ms) {
    return floor_to(ms, quarter_ms);
}

std::int64_t utc_day_of(std::int64_t ms) {
    return floor_to(ms, utc_day_ms);
}

std::string time_label(TimeUnit unit, std::int64_t ms) {
    const auto seconds = static_cast<std::time_t>(floor_to(ms, 1000) / 1000);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, format_of(unit), &parts)};
}

const std::string& TimeLabels::label(std::int64_t ms) {
    if (const auto quarter = quarter_of(ms); quarter != quarter_ || label_.empty()) {
        quarter_ = quarter;
        label_ = time_label(unit_, ms);
    }
    return label_;
}

}  // namespace llmgw
