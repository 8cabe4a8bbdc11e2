#include "cli/commands/usage.hpp"

#include <cstdio>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands/all.hpp"
#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "cli/term/table.hpp"
#include "core/usage/drain.hpp"
#include "core/usage/period.hpp"
#include "core/usage/report.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

struct Question {
    ReportQuery query;
    std::optional<std::int64_t> since_ms;
    std::optional<std::int64_t> until_ms;
};

Result<Question> question(const UsageArguments& arguments, const Clock& clock) {
    Question asked;
    auto by = parse_dimensions(arguments.by);
    if (!by) { return std::unexpected(by.error()); }
    asked.query.by = std::move(*by);
    if (!arguments.since.empty()) {
        const auto since = parse_since(arguments.since, clock.now_ms());
        if (!since) { return std::unexpected(since.error()); }
        asked.query.since_ms = *since;
        asked.since_ms = *since;
    }
    if (!arguments.until.empty()) {
        const auto until = parse_until(arguments.until, clock.now_ms());
        if (!until) { return std::unexpected(until.error()); }
        asked.query.until_ms = *until;
        asked.until_ms = *until;
    }
    return asked;
}

std::string calls_text(std::int64_t calls) {
    return grouped(calls) + (calls == 1 ? " call" : " calls");
}

std::string notes(const ReportSums& sums) {
    std::string text;
    const auto add = [&](std::int64_t calls, const char* what) {
        if (calls > 0) { text += (text.empty() ? "" : ", ") + grouped(calls) + " " + what; }
    };
    add(sums.unpriced_calls, "unpriced");
    add(sums.estimated_calls, "estimated");
    add(sums.partial_calls, "partial");
    return text;
}

void append_cells(const ReportSums& sums, std::vector<std::string>& cells) {
    const auto cost = sums.cost_nano();
    cells.push_back(grouped(sums.calls));
    cells.push_back(grouped(sums.input_tokens));
    cells.push_back(grouped(sums.cache_read_tokens));
    cells.push_back(grouped(sums.cache_write_5m_tokens + sums.cache_write_1h_tokens));
    cells.push_back(grouped(sums.output_tokens));
    cells.push_back(cost ? dollars(*cost) : "unknown");
    cells.push_back(notes(sums));
}

std::string table_text(const Report& report, const ReportQuery& query, const Style& style, int width_max) {
    std::vector<TableColumn> columns;
    for (const auto* dimension : query.by) {
        columns.push_back({std::string(dimension->title)});
    }
    for (const char* title : {"CALLS", "INPUT", "CACHE READ", "CACHE WRITE", "OUTPUT", "COST"}) {
        columns.push_back({title, Align::right});
    }
    columns.push_back({""});
    Table table(std::move(columns));
    for (const auto& row : report.rows) {
        std::vector<std::string> cells;
        for (const auto& key : row.keys) {
            cells.push_back(key.empty() ? "(none)" : key);
        }
        append_cells(row.sums, cells);
        table.add_row(std::move(cells));
    }
    std::vector<std::string> total{"total"};
    total.resize(query.by.size());
    append_cells(report.total, total);
    table.add_total(std::move(total));
    return table.render(style, width_max);
}

// "3 calls (12,345 tokens) have no known price: model x, y"
std::string unpriced_text(const Report& report) {
    constexpr std::size_t named_max = 8;
    const auto& sums = report.total;
    std::string text = calls_text(sums.unpriced_calls) + " (" + grouped(sums.unpriced_tokens) + " tokens) " +
                       (sums.unpriced_calls == 1 ? "has" : "have") + " no known price: model ";
    std::size_t named = 0;
    for (const auto& model : report.unpriced_models) {
        if (named == named_max) {
            text += " and " + std::to_string(report.unpriced_models.size() - named) + " more";
            break;
        }
        text += (named++ > 0 ? ", " : "") + (model.empty() ? std::string("(none)") : printable(model));
    }
    return text;
}

std::string plain_text(const Report& report, const ReportQuery& query, const Environment& env) {
    const Style style(env.color);
    auto text = table_text(report, query, style, env.stdout_is_tty ? env.width : 0);
    const auto& sums = report.total;
    if (sums.unpriced_calls > 0) { text += "\n" + style.yellow(unpriced_text(report)) + "\n"; }
    if (sums.estimated_calls + sums.partial_calls > 0) {
        text += (sums.unpriced_calls > 0 ? "" : "\n") + calls_text(sums.estimated_calls + sums.partial_calls) +
                " ended before the provider stated the usage: tokens are estimated, or as far as they were told\n";
    }
    return text;
}

void add_sums(const ReportSums& sums, ordered_json& object) {
    const auto cost = sums.cost_nano();
    object["calls"] = sums.calls;
    object["input_tokens"] = sums.input_tokens;
    object["cache_read_tokens"] = sums.cache_read_tokens;
    object["cache_write_5m_tokens"] = sums.cache_write_5m_tokens;
    object["cache_write_1h_tokens"] = sums.cache_write_1h_tokens;
    object["output_tokens"] = sums.output_tokens;
    object["reasoning_tokens"] = sums.reasoning_tokens;
    object["cost_nano_usd"] = cost ? ordered_json(*cost) : ordered_json();
    object["cost_usd"] = cost ? ordered_json(exact_dollars(*cost)) : ordered_json();
    object["unpriced_calls"] = sums.unpriced_calls;
    object["unpriced_tokens"] = sums.unpriced_tokens;
    object["estimated_calls"] = sums.estimated_calls;
    object["partial_calls"] = sums.partial_calls;
}

std::string json_text(const Report& report, const Question& asked) {
    const auto time = [](std::optional<std::int64_t> ms) { return ms ? ordered_json(utc_text(*ms)) : ordered_json(); };
    ordered_json tree;
    tree["by"] = ordered_json::array();
    for (const auto* dimension : asked.query.by) {
        tree["by"].push_back(dimension->name);
    }
    tree["since"] = time(asked.since_ms);
    tree["until"] = time(asked.until_ms);
    tree["rows"] = ordered_json::array();
    for (const auto& row : report.rows) {
        ordered_json object;
        for (std::size_t i = 0; i < row.keys.size(); ++i) {
            // Somebody else's tool may have put other bytes into the log; dump() would throw.
            object[std::string(asked.query.by[i]->name)] = to_utf8(row.keys[i]);
        }
        add_sums(row.sums, object);
        tree["rows"].push_back(std::move(object));
    }
    tree["total"] = ordered_json::object();
    add_sums(report.total, tree["total"]);
    tree["unpriced_models"] = ordered_json::array();
    for (const auto& model : report.unpriced_models) {
        tree["unpriced_models"].push_back(to_utf8(model));
    }
    return tree.dump(2) + "\n";
}

constexpr const char* no_log_text =
    "No calls are logged yet. Start the gateway with `llmgw serve` and point a client at it, or try "
    "`llmgw ask --feature hello Hi`.\n";

}  // namespace

Result<UsageOutput> run_usage(const UsageArguments& arguments, const Environment& env, const Clock& clock) {
    const auto asked = question(arguments, clock);
    if (!asked) { return std::unexpected(asked.error()); }
    UsageOutput output;
    // Calls of a server that was killed are still in the journal. Where they cannot be added, the report goes on
    // without them and says so.
    if (const auto drained = drain_journal(env.data_dir); !drained) {
        output.err += "llmgw: the journal's calls are not counted: " + drained.error().message + "\n";
    } else if (drained->newer > 0) {
        output.err += "llmgw: calls of a newer llmgw are not counted: update llmgw\n";
    }
    auto report = run_report(env.database_path(), asked->query);
    const bool no_log = !report && report.error().kind == ErrorKind::not_found;
    if (!report && !no_log) { return std::unexpected(report.error()); }
    if (no_log) { report = Report{}; }
    if (arguments.json) {
        output.out = json_text(*report, *asked);
    } else if (report->rows.empty()) {
        output.err += no_log ? no_log_text : "No calls in this period.\n";
    } else {
        output.out = plain_text(*report, asked->query, env);
    }
    if (arguments.strict && report->total.unpriced_calls > 0) { output.exit_code = exit_code::failed; }
    return output;
}

std::function<int()> define_usage(CLI::App& app, const Environment& env) {
    const auto arguments = std::make_shared<UsageArguments>();
    std::string names;
    for (const auto& dimension : report_dimensions()) {
        names += (names.empty() ? "" : ", ") + std::string(dimension.name);
    }
    app.add_option("--by", arguments->by, "Group by one or more of " + names + ", separated by commas")
        ->type_name("DIM,...")
        ->capture_default_str();
    app.add_option("--since", arguments->since, "From when on: 7d, 36h, or a date (from its local midnight on)")
        ->type_name("TIME");
    app.add_option("--until", arguments->until, "Up to when: 7d, 36h, or a date (to the end of that local day)")
        ->type_name("TIME");
    app.add_flag("--json", arguments->json, "Print JSON; costs are exact");
    app.add_flag("--strict", arguments->strict, "Exit with 1 when a call has no known price");
    return [arguments, &env] {
        const auto output = run_usage(*arguments, env, SystemClock{});
        if (!output) { return report_error(output.error()); }
        std::fwrite(output->err.data(), 1, output->err.size(), stderr);
        std::fwrite(output->out.data(), 1, output->out.size(), stdout);
        return output->exit_code;
    };
}

}  // namespace llmgw
