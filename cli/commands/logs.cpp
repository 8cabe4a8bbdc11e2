#include "cli/commands/logs.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands/all.hpp"
#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "cli/term/table.hpp"
#include "cli/usage/question.hpp"
#include "cli/usage/views.hpp"
#include "core/usage/call_log.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const LogRow& row) {
    ordered_json object;
    for (const auto& [name, value] : row.columns) {
        if (name == "id") { continue; }
        auto& member = object[name];
        if (const auto* number = std::get_if<std::int64_t>(&value)) { member = *number; }
        if (const auto* text = std::get_if<std::string>(&value)) { member = to_utf8(*text); }
    }
    // Not a column of the table: there only when there is something to say.
    for (const auto& attempt : row.failed_attempts) {
        object["tried_before"].push_back(json_of(attempt));
    }
    return object;
}

// Beginnings of the ids, so long that no two calls shown have the same: what --call takes. Ids begin with their time,
// so that shorter ones would soon be ambiguous.
std::size_t short_id_size(const std::vector<LogRow>& rows) {
    std::size_t size = 13;
    std::vector<std::string> ids;
    for (const auto& row : rows) {
        ids.push_back(row.text("call_id"));
    }
    std::ranges::sort(ids);
    for (std::size_t i = 1; i < ids.size(); ++i) {
        const auto differ = std::ranges::mismatch(ids[i - 1], ids[i]).in2 - ids[i].begin();
        size = std::max(size, static_cast<std::size_t>(differ) + 1);
    }
    return size;
}

// "after work overloaded ($0.02), home connect": what was tried in vain, why it failed and, where it cost something,
// what.
std::string tried_before(const LogRow& call) {
    std::string text;
    for (const auto& attempt : call.failed_attempts) {
        text += (text.empty() ? ", after " : ", ") + printable(attempt.text("provider"));
        if (const auto error = attempt.text("error_class"); !error.empty()) { text += " " + printable(error); }
        if (attempt.is_null("cost_nano")) {
            text += " (cost unknown)";
        } else if (const auto cost = attempt.integer("cost_nano"); cost > 0) {
            text += " (" + dollars(cost) + ")";
        }
    }
    return text;
}

std::string status_of(const LogRow& call) {
    const auto ending = call.text("ending");
    auto text = ending;
    const auto status = call.integer("http_status");
    if (status != 0 && status != 200) { text += " " + std::to_string(status); }
    // What went wrong is sometimes just how it ended.
    if (const auto error = call.text("error_class"); !error.empty() && error != ending) { text += " " + error; }
    return text + tried_before(call);
}

std::string model_of(const LogRow& call) {
    const auto served = call.text("served_model");
    return shown_key(served.empty() ? call.text("requested_model") : served);
}

std::string prompt_of(const LogRow& call) {
    std::int64_t tokens = 0;
    for (const char* column : {"input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"}) {
        tokens += call.integer(column);
    }
    return grouped(tokens);
}

// On a narrow terminal the columns with the highest `first_to_go` are left out first, those with 0 never.
struct Column {
    TableColumn head;
    int first_to_go;
    std::function<std::string(const LogRow&)> cell;
};

std::vector<Column> list_columns(const std::vector<LogRow>& rows) {
    const auto cost = [](const LogRow& row) {
        return row.is_null("cost_nano") ? "unknown" : dollars(row.integer("cost_nano"));
    };
    const auto id_size = short_id_size(rows);
    return {{{"TIME", Align::left, true}, 0, [](const LogRow& row) { return local_text(row.integer("started_ms")); }},
            {{"FEATURE"}, 0, [](const LogRow& row) { return shown_key(row.text("feature")); }},
            {{"MODEL"}, 0, model_of},
            {{"PROVIDER"}, 4, [](const LogRow& row) { return shown_key(row.text("provider")); }},
            {{"STATUS"}, 0, status_of},
            {{"PROMPT", Align::right}, 3, prompt_of},
            {{"OUTPUT", Align::right}, 2, [](const LogRow& row) { return grouped(row.integer("output_tokens")); }},
            {{"COST", Align::right}, 0, cost},
            {{"TOOK", Align::right}, 1, [](const LogRow& row) { return duration_text(row.integer("duration_ms")); }},
            {{"CALL", Align::left, true}, 0, [id_size](const LogRow& row) {
                 return row.text("call_id").substr(0, id_size);
             }}};
}

std::string list_text(const std::vector<LogRow>& rows, const Environment& env) {
    const int width = env.stdout_is_tty ? env.width : 0;
    for (auto columns = list_columns(rows);;) {
        std::vector<TableColumn> heads;
        for (const auto& column : columns) {
            heads.push_back(column.head);
        }
        Table table(std::move(heads));
        for (const auto& row : rows) {
            std::vector<std::string> cells;
            for (const auto& column : columns) {
                cells.push_back(column.cell(row));
            }
            table.add_row(std::move(cells));
        }
        const auto least = std::ranges::max_element(columns, {}, &Column::first_to_go);
        if (width == 0 || table.width() <= width || least->first_to_go == 0) {
            return table.render(Style(env.color), width);
        }
        columns.erase(least);
    }
}

// A value and, behind it, what a number means.
std::string value_text(const std::string& name, const LogValue& value) {
    if (std::holds_alternative<std::monostate>(value)) { return "(not known)"; }
    if (const auto* text = std::get_if<std::string>(&value)) { return printable(*text); }
    const auto number = std::get<std::int64_t>(value);
    auto text = std::to_string(number);
    if (name == "started_ms") { text += "  (" + local_text(number) + ")"; }
    if (name.ends_with("_nano")) { text += "  (" + dollars(number) + ")"; }
    return text;
}

void append_columns(const LogRow& row, const char* indent, std::string& out) {
    std::size_t width = 0;
    for (const auto& [name, value] : row.columns) {
        width = std::max(width, name.size());
    }
    for (const auto& [name, value] : row.columns) {
        if (name == "id") { continue; }
        auto line = indent + name + std::string(width - name.size() + 2, ' ') + value_text(name, value);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
}

std::string call_text(const WholeCall& whole, const Style& style) {
    std::string out = style.bold("call " + printable(whole.call.text("call_id"))) + "\n";
    append_columns(whole.call, "  ", out);
    for (const auto& attempt : whole.attempts) {
        out += style.bold("attempt " + std::to_string(attempt.integer("number"))) + "\n";
        append_columns(attempt, "  ", out);
    }
    if (whole.attempts.empty()) { out += "no attempt: nothing was sent to a provider\n"; }
    return out;
}

Result<UsageOutput> show_call(const LogsArguments& arguments, const Environment& env, UsageOutput output) {
    if (!arguments.since.empty() || !arguments.until.empty() || !arguments.where.empty()) {
        return fail(ErrorKind::usage, "--call names one call: --since, --until and --where do not go with it");
    }
    const auto whole = find_call(env.database_path(), arguments.call);
    if (!whole) { return std::unexpected(whole.error()); }
    if (!arguments.json) {
        output.out = call_text(*whole, Style(env.color));
        return output;
    }
    ordered_json tree;
    tree["call"] = json_of(whole->call);
    tree["attempts"] = ordered_json::array();
    for (const auto& attempt : whole->attempts) {
        tree["attempts"].push_back(json_of(attempt));
    }
    output.out = tree.dump(2, ' ', env.stdout_is_tty) + "\n";
    return output;
}

}  // namespace

Result<UsageOutput> run_logs(const LogsArguments& arguments, const Environment& env, const Clock& clock) {
    const auto count = parse_count("-n", arguments.count);
    if (!count) { return std::unexpected(count.error()); }
    const auto choice = parse_choice(arguments.since, arguments.until, arguments.where, clock.now_ms());
    if (!choice) { return std::unexpected(choice.error()); }
    UsageOutput output;
    output.err = drain_for_report(env);
    if (!arguments.call.empty()) { return show_call(arguments, env, std::move(output)); }
    const auto rows = newest_calls(env.database_path(), *choice, *count);
    const bool no_log = !rows && rows.error().kind == ErrorKind::not_found;
    if (!rows && !no_log) { return std::unexpected(rows.error()); }
    if (no_log || rows->empty()) {
        output.err += no_log ? "No calls are logged yet.\n" : "No such calls.\n";
        return output;
    }
    if (!arguments.json) {
        output.out = list_text(*rows, env);
        return output;
    }
    for (const auto& row : *rows) {
        output.out += json_of(row).dump(-1, ' ', env.stdout_is_tty) + "\n";
    }
    return output;
}

std::function<int()> define_logs(CLI::App& app, const Environment& env) {
    const auto arguments = std::make_shared<LogsArguments>();
    app.add_option("-n", arguments->count, "How many of the newest calls")->type_name("N")->capture_default_str();
    app.add_option("--since", arguments->since, "From when on, as in `llmgw usage`")->type_name("TIME");
    app.add_option("--until", arguments->until, "Up to when")->type_name("TIME");
    app.add_option("--where", arguments->where, "Only calls with this value, for example status=failed; repeatable")
        ->type_name("DIM=VALUE")
        ->allow_extra_args(false);
    app.add_option("--call", arguments->call, "One call whole, with its attempts: its id or the beginning of it")
        ->type_name("ID");
    app.add_flag("--json", arguments->json, "Print JSON, one line for each call: the columns as they are stored");
    return [arguments, &env] {
        const auto output = run_logs(*arguments, env, SystemClock{});
        if (!output) { return report_error(output.error()); }
        std::fwrite(output->err.data(), 1, output->err.size(), stderr);
        std::fwrite(output->out.data(), 1, output->out.size(), stdout);
        return output->exit_code;
    };
}

}  // namespace llmgw
