#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "cli/usage/views.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

class Line {
public:
    void number(std::int64_t value) { cell(std::to_string(value)); }
    void number(std::optional<std::int64_t> value) { cell(value ? std::to_string(*value) : ""); }
    void amount(std::optional<std::int64_t> nano) { cell(nano ? exact_dollars(*nano) : ""); }
    void cell(const std::string& text) {
        if (!first_) { out_ += ','; }
        first_ = false;
        if (text.find_first_of(",\"\r\n") == std::string::npos) {
            out_ += text;
            return;
        }
        out_ += '"';
        for (const char c : text) {
            out_ += c;
            if (c == '"') { out_ += c; }
        }
        out_ += '"';
    }
    std::string end() { return out_ + "\r\n"; }

private:
    std::string out_;
    bool first_ = true;
};

// Names come from clients, and spreadsheets run what looks like a formula.
std::string name_cell(const std::string& name, bool terminal) {
    auto text = terminal ? printable(name) : to_utf8(name);
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
        text.insert(0, 1, '\'');
    }
    return text;
}

constexpr const char* sum_titles[] = {"calls",
                                      "input_tokens",
                                      "cache_read_tokens",
                                      "cache_write_5m_tokens",
                                      "cache_write_1h_tokens",
                                      "output_tokens",
                                      "reasoning_tokens",
                                      "cost_nano_usd",
                                      "cost_usd",
                                      "unpriced_calls",
                                      "unpriced_tokens",
                                      "estimated_calls",
                                      "partial_calls",
                                      "cache_hit_share",
                                      "cache_saved_usd",
                                      "cache_saved_unknown_tokens",
                                      "duration_p50_ms",
                                      "duration_p95_ms",
                                      "first_token_p50_ms",
                                      "first_token_p95_ms",
                                      "failed_attempts"};

void add_sums(const ReportSums& sums, Line& line) {
    for (const auto value : {sums.calls, sums.input_tokens, sums.cache_read_tokens, sums.cache_write_5m_tokens,
                             sums.cache_write_1h_tokens, sums.output_tokens, sums.reasoning_tokens}) {
        line.number(value);
    }
    line.number(sums.cost_nano());
    line.amount(sums.cost_nano());
    for (const auto value : {sums.unpriced_calls, sums.unpriced_tokens, sums.estimated_calls, sums.partial_calls}) {
        line.number(value);
    }
    const auto hits = sums.cache_hit_permille();
    const auto digits = hits ? std::to_string(1000 + *hits % 1000).substr(1) : "";
    line.cell(hits ? std::to_string(*hits / 1000) + "." + digits : "");
    line.amount(sums.saved_nano());
    line.number(sums.cache_saved_unknown_tokens);
    line.number(sums.duration_ms.percentile(50));
    line.number(sums.duration_ms.percentile(95));
    line.number(sums.first_token_ms.percentile(50));
    line.number(sums.first_token_ms.percentile(95));
    line.number(sums.failed_attempts);
}

}  // namespace

std::string csv_view(const UsageAnswer& answer, const Question& asked, bool terminal) {
    Line head;
    for (const auto& dimension : asked.query.by) {
        head.cell(name_cell(dimension.name(), terminal));
    }
    for (const auto* title : sum_titles) {
        head.cell(title);
    }
    if (asked.previous) {
        for (const char* title : {"previous_calls", "previous_cost_nano_usd", "previous_cost_usd"}) {
            head.cell(title);
        }
    }
    auto out = head.end();
    const auto add = [&](std::vector<std::string> keys, const AnswerRow& row) {
        Line line;
        keys.resize(asked.query.by.size());
        for (const auto& key : keys) {
            line.cell(name_cell(key, terminal));
        }
        add_sums(row.sums, line);
        if (asked.previous) {
            line.number(row.previous.calls);
            line.number(row.previous.cost_nano());
            line.amount(row.previous.cost_nano());
        }
        out += line.end();
    };
    for (const auto& row : answer.rows) {
        add(row.keys, row);
    }
    if (answer.other) { add({other_name(answer)}, *answer.other); }
    return out;
}

}  // namespace llmgw
