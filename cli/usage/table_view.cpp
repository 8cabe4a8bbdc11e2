#include <algorithm>
#include <functional>

#include "cli/term/chart.hpp"
#include "cli/term/money.hpp"
#include "cli/term/table.hpp"
#include "cli/usage/views.hpp"

namespace llmgw {
namespace {

constexpr int bar_width = 10;
constexpr int always = 0;

// Where a row may be nothing but failed attempts, a line of zeros would be a riddle without this column.
int failed_attempts_go(const Question& asked) {
    const auto tells_attempts = [](const Dimension& dimension) {
        const auto name = dimension.kind->name;
        return name == "provider" || name == "model" || name == "status" || name == "error";
    };
    constexpr int behind_tokens = 4;
    return std::ranges::any_of(asked.query.by, tells_attempts) ? always : behind_tokens;
}

// All notes are the first to go; those on unknown prices take their place, and stay.
constexpr int notes_go = 11;
std::string unpriced_note(const AnswerRow& row) {
    return row.sums.unpriced_calls > 0 ? grouped(row.sums.unpriced_calls) + " unpriced" : "";
}

// A column behind the dimensions'. On a narrow terminal those with the highest `first_to_go` are left out first, and
// those with 0 never.
struct Column {
    const char* title;
    Align align;
    int first_to_go;
    std::function<std::string(const AnswerRow&)> cell;
};

std::string percentile(const Histogram& histogram, int percent) {
    const auto ms = histogram.percentile(percent);
    return ms ? duration_text(*ms) : "";
}

std::vector<Column> columns(const UsageAnswer& answer, const Question& asked, const Environment& env) {
    using Row = AnswerRow;
    std::vector<Column> all{
        {"CALLS", Align::right, always, [](const Row& row) { return grouped(row.sums.calls); }},
        {"FAILED ATTEMPTS", Align::right, failed_attempts_go(asked),
         [](const Row& row) { return grouped(row.sums.failed_attempts); }},
        {"INPUT", Align::right, 2, [](const Row& row) { return grouped(row.sums.input_tokens); }},
        {"CACHE READ", Align::right, 4, [](const Row& row) { return grouped(row.sums.cache_read_tokens); }},
        {"CACHE WRITE", Align::right, 6,
         [](const Row& row) { return grouped(row.sums.cache_write_5m_tokens + row.sums.cache_write_1h_tokens); }},
        {"OUTPUT", Align::right, 1, [](const Row& row) { return grouped(row.sums.output_tokens); }},
        {"HIT", Align::right, 5,
         [](const Row& row) {
             const auto share = row.sums.cache_hit_permille();
             return share ? percent_text(*share) : std::string();
         }},
        {"P50", Align::right, 7, [](const Row& row) { return percentile(row.sums.duration_ms, 50); }},
        {"P95", Align::right, 8, [](const Row& row) { return percentile(row.sums.duration_ms, 95); }},
        {"FIRST P50", Align::right, 9, [](const Row& row) { return percentile(row.sums.first_token_ms, 50); }},
        {"FIRST P95", Align::right, 10, [](const Row& row) { return percentile(row.sums.first_token_ms, 95); }},
        {"COST", Align::right, always, [](const Row& row) { return cost_text(row.sums); }},
    };
    if (asked.previous) {
        all.push_back({"BEFORE", Align::right, always, [](const Row& row) { return cost_text(row.previous); }});
        all.push_back(
            {"CHANGE", Align::right, always, [](const Row& row) { return change_text(row.sums, row.previous); }});
    }
    if (env.stdout_is_tty) {
        std::int64_t most = 0;
        for (const auto& row : answer.rows) {
            most = std::max(most, row.sums.priced_cost_nano);
        }
        all.push_back({"", Align::left, 3, [most](const Row& row) {
                           return row.keys.empty() ? "" : bar(row.sums.priced_cost_nano, most, bar_width);
                       }});
    }
    all.push_back({"", Align::left, notes_go, [](const Row& row) { return notes_text(row.sums); }});
    if (answer.total.failed_attempts == 0 && answer.previous_total.failed_attempts == 0) {
        std::erase_if(all, [](const Column& column) { return std::string_view(column.title) == "FAILED ATTEMPTS"; });
    }
    // What nobody has a number for takes no room.
    std::erase_if(all, [&](const Column& column) {
        const bool empty = std::ranges::all_of(answer.rows, [&](const Row& row) { return column.cell(row).empty(); });
        return column.first_to_go > 3 && empty;
    });
    return all;
}

Table table_of(const UsageAnswer& answer, const Question& asked, const std::vector<Column>& shown) {
    std::vector<TableColumn> heads;
    for (const auto& dimension : asked.query.by) {
        heads.push_back({dimension.title()});
    }
    for (const auto& column : shown) {
        heads.push_back({column.title, column.align});
    }
    Table table(std::move(heads));
    const auto cells = [&](std::string first, const AnswerRow& row) {
        std::vector<std::string> out;
        for (const auto& key : row.keys) {
            out.push_back(shown_key(key));
        }
        if (out.empty()) { out.push_back(std::move(first)); }
        out.resize(asked.query.by.size());
        for (const auto& column : shown) {
            out.push_back(column.cell(row));
        }
        return out;
    };
    for (const auto& row : answer.rows) {
        table.add_row(cells("", row));
    }
    if (answer.other) { table.add_row(cells(other_name(answer), *answer.other)); }
    table.add_total(cells("total", {{}, answer.total, answer.previous_total}));
    return table;
}

// The table with as many columns as fit; below that, Table shortens names.
std::string fitting_table(const UsageAnswer& answer, const Question& asked, const Environment& env,
                          const Style& style) {
    const int width = env.stdout_is_tty ? env.width : 0;
    auto shown = columns(answer, asked, env);
    for (;;) {
        const auto table = table_of(answer, asked, shown);
        const auto least = std::ranges::max_element(shown, {}, &Column::first_to_go);
        if (width == 0 || table.width() <= width || least->first_to_go == 0) { return table.render(style, width); }
        if (least->first_to_go == notes_go) {
            *least = {"", Align::left, 0, unpriced_note};
        } else {
            shown.erase(least);
        }
    }
}

std::string days_text(const UsageAnswer& answer, const Style& style) {
    if (answer.days.size() < 2) { return {}; }
    std::vector<std::int64_t> costs;
    for (const auto& day : answer.days) {
        costs.push_back(day.cost_nano);
    }
    const auto& most = *std::ranges::max_element(answer.days, {}, &DayCost::cost_nano);
    if (most.cost_nano <= 0) { return {}; }
    return style.dim(answer.days.front().day) + " " + style.green(spark_line(costs)) + " " +
           style.dim(answer.days.back().day + ", most on " + most.day + ": " + dollars(most.cost_nano)) + "\n";
}

}  // namespace

std::string table_view(const UsageAnswer& answer, const Question& asked, const Environment& env) {
    const Style style(env.color);
    auto text = fitting_table(answer, asked, env, style);
    std::string remarks;
    if (env.stdout_is_tty) { remarks += days_text(answer, style); }
    if (asked.previous) {
        remarks += "BEFORE is " + period_text(*asked.previous) + ": " + cost_text(answer.previous_total);
        const auto change = change_text(answer.total, answer.previous_total);
        remarks += (change.empty() ? "" : " (" + change + ")") + "\n";
    }
    if (const auto caching = caching_text(answer.total); !caching.empty()) { remarks += caching + "\n"; }
    if (const auto unpriced = unpriced_text(answer); !unpriced.empty()) { remarks += style.yellow(unpriced) + "\n"; }
    const auto unsure = answer.total.estimated_calls + answer.total.partial_calls;
    if (unsure > 0) {
        remarks += counted_text(unsure, answer.total) +
                   " ended before the provider stated the usage: tokens are estimated, or as far as they were told\n";
    }
    return remarks.empty() ? text : text + "\n" + remarks;
}

}  // namespace llmgw
