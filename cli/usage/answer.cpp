#include "cli/usage/answer.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace llmgw {
namespace {

constexpr int days_max = 30;

// The most expensive rows stay where they are, the others become one.
void keep_top(std::size_t top, UsageAnswer& answer) {
    if (answer.rows.size() <= top) { return; }
    const auto rank = [](const AnswerRow& row) {
        return std::tuple(-row.sums.priced_cost_nano, -row.sums.calls, -row.previous.priced_cost_nano);
    };
    std::vector<std::size_t> order(answer.rows.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return std::pair(rank(answer.rows[a]), answer.rows[a].keys) <
               std::pair(rank(answer.rows[b]), answer.rows[b].keys);
    });
    std::vector<bool> kept(order.size(), false);
    for (std::size_t i = 0; i < top; ++i) {
        kept[order[i]] = true;
    }
    std::vector<AnswerRow> rows;
    AnswerRow other;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i]) {
            rows.push_back(std::move(answer.rows[i]));
        } else {
            other.sums += answer.rows[i].sums;
            other.previous += answer.rows[i].previous;
        }
    }
    answer.other_rows = kept.size() - rows.size();
    answer.rows = std::move(rows);
    answer.other = std::move(other);
}

Result<> compare(const std::string& database_path, const Question& asked, UsageAnswer& answer) {
    auto query = asked.query;
    query.since_ms = asked.previous->since_ms;
    query.until_ms = asked.previous->until_ms;
    auto before = run_report(database_path, query);
    if (!before) { return std::unexpected(before.error()); }
    answer.previous_total = before->total;
    std::map<std::vector<std::string>, ReportSums*> known;
    for (auto& row : answer.rows) {
        known[row.keys] = &row.previous;
    }
    std::vector<AnswerRow> gone;
    for (auto& row : before->rows) {
        if (const auto found = known.find(row.keys); found != known.end()) {
            *found->second = std::move(row.sums);
        } else {
            gone.push_back({std::move(row.keys), {}, std::move(row.sums)});
        }
    }
    std::ranges::move(gone, std::back_inserter(answer.rows));
    return {};
}

// The last days up to the period's end or now, those without a call too.
Result<std::vector<DayCost>> day_costs(const std::string& database_path, const Question& asked, std::int64_t now_ms) {
    const auto end = std::min(asked.until_ms.value_or(now_ms + 1), now_ms + 1);
    std::vector<DayCost> days;
    std::map<std::string, std::size_t> places;
    auto query = asked.query;
    // Noon of the last day and of those before it: far from where clocks change.
    const auto last = time_label(TimeUnit::day, end - 1);
    const auto noon = parse_since(last, now_ms).value_or(end) + utc_day_ms / 2;
    for (int back = days_max - 1; back >= 0; --back) {
        auto day = time_label(TimeUnit::day, noon - back * utc_day_ms);
        const auto begin = parse_since(day, now_ms);
        const auto over = parse_until(day, now_ms);
        if (!begin || !over || *over <= asked.since_ms.value_or(0)) { continue; }
        if (days.empty()) { query.since_ms = std::max(*begin, asked.since_ms.value_or(0)); }
        places[day] = days.size();
        days.push_back({std::move(day), 0});
    }
    query.until_ms = asked.until_ms.value_or(quarter_of(now_ms) + quarter_ms);
    query.by = *parse_dimensions("day");
    const auto report = run_report(database_path, query);
    if (!report) { return std::unexpected(report.error()); }
    for (const auto& row : report->rows) {
        const auto found = places.find(row.keys.front());
        if (found != places.end()) { days[found->second].cost_nano = row.sums.priced_cost_nano; }
    }
    // Days before the first call say nothing.
    const auto first = std::ranges::find_if(days, [](const DayCost& day) { return day.cost_nano > 0; });
    if (!asked.since_ms) { days.erase(days.begin(), first); }
    return days;
}

}  // namespace

Result<UsageAnswer> answer_question(const std::string& database_path, const Question& asked, bool with_days,
                                    std::int64_t now_ms) {
    freshen_summaries(database_path);
    auto report = run_report(database_path, asked.query);
    if (!report) { return std::unexpected(report.error()); }
    UsageAnswer answer;
    answer.total = std::move(report->total);
    answer.unpriced_models = std::move(report->unpriced_models);
    for (auto& row : report->rows) {
        answer.rows.push_back({std::move(row.keys), std::move(row.sums)});
    }
    if (asked.previous) {
        if (auto done = compare(database_path, asked, answer); !done) { return std::unexpected(done.error()); }
    }
    if (asked.top) { keep_top(static_cast<std::size_t>(*asked.top), answer); }
    if (with_days && !answer.rows.empty()) {
        auto days = day_costs(database_path, asked, now_ms);
        if (!days) { return std::unexpected(days.error()); }
        answer.days = std::move(*days);
    }
    return answer;
}

}  // namespace llmgw
