#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "cli/usage/views.hpp"

namespace llmgw {
namespace {

// Names must not end a cell, begin a tag or become emphasis.
std::string escaped(std::string_view name) {
    std::string out;
    for (const char c : printable(name)) {
        if (std::string_view("\\|`*_<>[]").find(c) != std::string_view::npos) { out += '\\'; }
        out += c;
    }
    return out;
}

using Cells = std::vector<std::string>;

std::string line(const Cells& cells) {
    std::string out = "|";
    for (const auto& cell : cells) {
        out += " " + cell + " |";
    }
    return out + "\n";
}

std::string percentiles(const Histogram& histogram) {
    const auto p50 = histogram.percentile(50);
    const auto p95 = histogram.percentile(95);
    return p50 && p95 ? duration_text(*p50) + " / " + duration_text(*p95) : "";
}

// Most logs have none.
bool has_failed_attempts(const UsageAnswer& answer) {
    return answer.total.failed_attempts > 0 || answer.previous_total.failed_attempts > 0;
}

void add_sums(const UsageAnswer& answer, const Question& asked, const AnswerRow& row, Cells& cells) {
    const auto& sums = row.sums;
    const auto hits = sums.cache_hit_permille();
    cells.push_back(grouped(sums.calls));
    if (has_failed_attempts(answer)) { cells.push_back(grouped(sums.failed_attempts)); }
    cells.push_back(grouped(sums.input_tokens));
    cells.push_back(grouped(sums.cache_read_tokens));
    cells.push_back(grouped(sums.cache_write_5m_tokens + sums.cache_write_1h_tokens));
    cells.push_back(grouped(sums.output_tokens));
    cells.push_back(hits ? percent_text(*hits) : "");
    cells.push_back(percentiles(sums.duration_ms));
    cells.push_back(percentiles(sums.first_token_ms));
    cells.push_back(cost_text(sums));
    if (asked.previous) {
        cells.push_back(cost_text(row.previous));
        cells.push_back(change_text(sums, row.previous));
    }
    cells.push_back(notes_text(sums));
}

}  // namespace

std::string markdown_view(const UsageAnswer& answer, const Question& asked) {
    Cells titles;
    Cells rules;
    for (const auto& dimension : asked.query.by) {
        titles.push_back(escaped(dimension.name()));
        rules.emplace_back("---");
    }
    for (const char* title : {"calls", "failed attempts", "input", "cache read", "cache write", "output", "cache hits",
                              "p50 / p95", "first token p50 / p95", "cost"}) {
        if (std::string_view(title) == "failed attempts" && !has_failed_attempts(answer)) { continue; }
        titles.emplace_back(title);
        rules.emplace_back("---:");
    }
    if (asked.previous) {
        titles.insert(titles.end(), {"before", "change"});
        rules.insert(rules.end(), {"---:", "---:"});
    }
    titles.emplace_back("notes");
    rules.emplace_back("---");
    auto out = line(titles) + line(rules);
    const auto add = [&](Cells cells, const AnswerRow& row) {
        cells.resize(asked.query.by.size());
        add_sums(answer, asked, row, cells);
        out += line(cells);
    };
    for (const auto& row : answer.rows) {
        Cells cells;
        for (const auto& key : row.keys) {
            cells.push_back(escaped(shown_key(key)));
        }
        add(std::move(cells), row);
    }
    if (answer.other) { add({other_name(answer)}, *answer.other); }
    add({"**total**"}, {{}, answer.total, answer.previous_total});
    for (const auto& remark : {caching_text(answer.total), escaped(unpriced_text(answer))}) {
        if (!remark.empty()) { out += "\n" + remark + "\n"; }
    }
    return out;
}

}  // namespace llmgw
