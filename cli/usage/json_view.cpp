#include <nlohmann/json.hpp>

#include "cli/term/money.hpp"
#include "cli/usage/views.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

ordered_json known(std::optional<std::int64_t> number) {
    return number ? ordered_json(*number) : ordered_json();
}

ordered_json known_dollars(std::optional<std::int64_t> nano) {
    return nano ? ordered_json(exact_dollars(*nano)) : ordered_json();
}

ordered_json known_time(std::optional<std::int64_t> ms) {
    return ms ? ordered_json(utc_text(*ms)) : ordered_json();
}

void add_sums(const ReportSums& sums, ordered_json& object) {
    const auto hits = sums.cache_hit_permille();
    object["calls"] = sums.calls;
    object["failed_attempts"] = sums.failed_attempts;
    object["input_tokens"] = sums.input_tokens;
    object["cache_read_tokens"] = sums.cache_read_tokens;
    object["cache_write_5m_tokens"] = sums.cache_write_5m_tokens;
    object["cache_write_1h_tokens"] = sums.cache_write_1h_tokens;
    object["output_tokens"] = sums.output_tokens;
    object["reasoning_tokens"] = sums.reasoning_tokens;
    object["cost_nano_usd"] = known(sums.cost_nano());
    object["cost_usd"] = known_dollars(sums.cost_nano());
    object["unpriced_calls"] = sums.unpriced_calls;
    object["unpriced_tokens"] = sums.unpriced_tokens;
    object["estimated_calls"] = sums.estimated_calls;
    object["partial_calls"] = sums.partial_calls;
    object["cache_hit_share"] = hits ? ordered_json(static_cast<double>(*hits) / 1000) : ordered_json();
    object["cache_saved_nano_usd"] = known(sums.saved_nano());
    object["cache_saved_usd"] = known_dollars(sums.saved_nano());
    object["cache_saved_unknown_tokens"] = sums.cache_saved_unknown_tokens;
    object["duration_p50_ms"] = known(sums.duration_ms.percentile(50));
    object["duration_p95_ms"] = known(sums.duration_ms.percentile(95));
    object["first_token_p50_ms"] = known(sums.first_token_ms.percentile(50));
    object["first_token_p95_ms"] = known(sums.first_token_ms.percentile(95));
}

void add_previous(const Question& asked, const ReportSums& sums, ordered_json& object) {
    if (!asked.previous) { return; }
    object["previous"] = ordered_json::object();
    add_sums(sums, object["previous"]);
}

}  // namespace

std::string json_view(const UsageAnswer& answer, const Question& asked, bool terminal) {
    ordered_json tree;
    tree["by"] = ordered_json::array();
    for (const auto& dimension : asked.query.by) {
        tree["by"].push_back(to_utf8(dimension.name()));
    }
    tree["since"] = known_time(asked.since_ms);
    tree["until"] = known_time(asked.until_ms);
    if (asked.previous) {
        tree["previous"] = {{"since", utc_text(asked.previous->since_ms)},
                            {"until", utc_text(asked.previous->until_ms)}};
    }
    tree["rows"] = ordered_json::array();
    for (const auto& row : answer.rows) {
        ordered_json object;
        for (std::size_t i = 0; i < row.keys.size(); ++i) {
            // Somebody else's tool may have put other bytes into the log; dump() would throw.
            object[to_utf8(asked.query.by[i].name())] = to_utf8(row.keys[i]);
        }
        add_sums(row.sums, object);
        add_previous(asked, row.previous, object);
        tree["rows"].push_back(std::move(object));
    }
    if (answer.other) {
        tree["other"] = {{"rows", answer.other_rows}};
        add_sums(answer.other->sums, tree["other"]);
        add_previous(asked, answer.other->previous, tree["other"]);
    }
    tree["total"] = ordered_json::object();
    add_sums(answer.total, tree["total"]);
    add_previous(asked, answer.previous_total, tree["total"]);
    tree["unpriced_models"] = ordered_json::array();
    for (const auto& model : answer.unpriced_models) {
        tree["unpriced_models"].push_back(to_utf8(model));
    }
    // On a terminal everything beyond ASCII is escaped, and so are the control characters among it.
    return tree.dump(2, ' ', terminal) + "\n";
}

}  // namespace llmgw
