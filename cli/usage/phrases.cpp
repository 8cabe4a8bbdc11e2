#include <cstdio>

#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "cli/usage/views.hpp"

namespace llmgw {

std::string counted_text(std::int64_t count, const ReportSums& sums) {
    if (sums.failed_attempts > 0) { return grouped(count) + (count == 1 ? " call or attempt" : " calls and attempts"); }
    return grouped(count) + (count == 1 ? " call" : " calls");
}

std::string shown_key(const std::string& key) {
    return key.empty() ? "(none)" : key;
}

std::string other_name(const UsageAnswer& answer) {
    return "other (" + grouped(static_cast<std::int64_t>(answer.other_rows)) +
           (answer.other_rows == 1 ? " row)" : " rows)");
}

std::string percent_text(std::int64_t permille) {
    return std::to_string(permille / 10) + "." + std::to_string(permille % 10) + " %";
}

std::string duration_text(std::int64_t ms) {
    if (ms < 1000) { return std::to_string(ms) + " ms"; }
    const auto tenths = (ms + 50) / 100;
    if (tenths < 600) { return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s"; }
    const auto seconds = (ms + 500) / 1000;
    const auto rest = std::to_string(seconds % 60);
    return grouped(seconds / 60) + " min " + (rest.size() == 1 ? "0" : "") + rest + " s";
}

std::string change_text(const ReportSums& now, const ReportSums& before) {
    if (now.empty() && before.empty()) { return ""; }
    if (before.empty()) { return "new"; }
    if (now.empty()) { return "gone"; }
    const auto cost = now.cost_nano();
    const auto cost_before = before.cost_nano();
    if (!cost || !cost_before) { return "unknown"; }
    if (*cost == *cost_before) { return "="; }
    if (*cost_before <= 0) { return "new cost"; }
    const auto percent =
        (static_cast<double>(*cost) - static_cast<double>(*cost_before)) / static_cast<double>(*cost_before) * 100;
    if (percent >= 100'000) { return "> 1000 x"; }
    char text[32];
    std::snprintf(text, sizeof text, percent > -10 && percent < 10 ? "%+.1f %%" : "%+.0f %%", percent);
    return text;
}

std::string notes_text(const ReportSums& sums) {
    std::string text;
    const auto add = [&](std::int64_t calls, const char* what) {
        if (calls > 0) { text += (text.empty() ? "" : ", ") + grouped(calls) + " " + what; }
    };
    add(sums.unpriced_calls, "unpriced");
    add(sums.estimated_calls, "estimated");
    add(sums.partial_calls, "partial");
    return text;
}

std::string cost_text(const ReportSums& sums) {
    const auto cost = sums.cost_nano();
    return cost ? dollars(*cost) : "unknown";
}

std::string unpriced_text(const UsageAnswer& answer) {
    constexpr std::size_t named_max = 8;
    const auto& sums = answer.total;
    if (sums.unpriced_calls == 0) { return {}; }
    std::string text = counted_text(sums.unpriced_calls, sums) + " (" + grouped(sums.unpriced_tokens) + " tokens) " +
                       (sums.unpriced_calls == 1 ? "has" : "have") + " no known price: model ";
    std::size_t named = 0;
    for (const auto& model : answer.unpriced_models) {
        if (named == named_max) {
            text += " and " + std::to_string(answer.unpriced_models.size() - named) + " more";
            break;
        }
        text += (named++ > 0 ? ", " : "") + printable(shown_key(model));
    }
    return text;
}

std::string caching_text(const ReportSums& sums) {
    const auto share = sums.cache_hit_permille();
    if (sums.cache_read_tokens == 0 || !share) { return {}; }
    std::string text = percent_text(*share) + " of the prompt tokens were read from a cache";
    const auto saved = sums.saved_nano();
    if (!saved) { return text + "; what that saved is not known"; }
    text += ", which saved " + dollars(*saved);
    if (sums.cache_saved_unknown_tokens > 0) {
        text += " (not known for " + grouped(sums.cache_saved_unknown_tokens) + " of them)";
    }
    return text;
}

std::string period_text(Period period) {
    // To the minute: periods begin and end on a quarter of an hour.
    return local_text(period.since_ms).substr(0, 16) + " to " + local_text(period.until_ms).substr(0, 16);
}

}  // namespace llmgw
