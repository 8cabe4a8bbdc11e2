#include "cli/commands/usage.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/commands/all.hpp"
#include "cli/usage/answer.hpp"
#include "cli/usage/views.hpp"
#include "core/usage/drain.hpp"

namespace llmgw {
namespace {

std::string shown(const UsageAnswer& answer, const Question& asked, const Environment& env) {
    switch (asked.format) {
        case UsageFormat::table: return answer.rows.empty() ? "" : table_view(answer, asked, env);
        case UsageFormat::json: return json_view(answer, asked, env.stdout_is_tty);
        case UsageFormat::csv: return csv_view(answer, asked, env.stdout_is_tty);
        case UsageFormat::markdown: return markdown_view(answer, asked);
    }
    return {};
}

constexpr const char* no_log_text =
    "No calls are logged yet. Start the gateway with `llmgw serve` and point a client at it, or try "
    "`llmgw ask --feature hello Hi`.\n";

}  // namespace

std::string drain_for_report(const Environment& env) {
    // Calls of a server that was killed are still in the journal. Where they cannot be added, the report goes on
    // without them and says so.
    const auto drained = drain_journal(env.data_dir);
    if (!drained) { return "llmgw: the journal's calls are not counted: " + drained.error().message + "\n"; }
    return drained->newer > 0 ? "llmgw: calls of a newer llmgw are not counted: update llmgw\n" : "";
}

Result<UsageOutput> run_usage(const UsageArguments& arguments, const Environment& env, const Clock& clock) {
    const auto asked = parse_question(arguments, clock.now_ms());
    if (!asked) { return std::unexpected(asked.error()); }
    UsageOutput output;
    output.err = drain_for_report(env);
    const bool with_days = env.stdout_is_tty && asked->format == UsageFormat::table;
    auto answer = answer_question(env.database_path(), *asked, with_days, clock.now_ms());
    const bool no_log = !answer && answer.error().kind == ErrorKind::not_found;
    if (!answer && !no_log) { return std::unexpected(answer.error()); }
    if (no_log) { answer = UsageAnswer{}; }
    output.out = shown(*answer, *asked, env);
    if (output.out.empty()) {
        output.err += no_log                       ? no_log_text
                      : asked->query.where.empty() ? "No calls in this period.\n"
                                                   : "No such calls in this period.\n";
    }
    if (arguments.strict && answer->total.unpriced_calls > 0) {
        // Said on stderr where nobody may read the report.
        if (asked->format != UsageFormat::table) { output.err += "llmgw: " + unpriced_text(*answer) + "\n"; }
        output.exit_code = exit_code::failed;
    }
    return output;
}

std::function<int()> define_usage(CLI::App& app, const Environment& env) {
    const auto arguments = std::make_shared<UsageArguments>();
    app.add_option("--by", arguments->by, "Group by one or more of " + dimension_names() + ", separated by commas")
        ->type_name("DIM,...")
        ->capture_default_str();
    app.add_option("--since", arguments->since,
                   "From when on: 7d, 36h, a date or month (its local beginning), today, yesterday, 'last month', ...")
        ->type_name("TIME");
    app.add_option("--until", arguments->until, "Up to when: as --since, but to the end of a date or named period")
        ->type_name("TIME");
    app.add_option("--where", arguments->where, "Only calls with this value, for example feature=review; repeatable")
        ->type_name("DIM=VALUE")
        ->allow_extra_args(false);
    app.add_option("--format", arguments->format, "How to print it; a table if not said")
        ->type_name("{table,json,csv,markdown}");
    app.add_flag("--json", arguments->json, "The same as --format json; costs are exact");
    app.add_option("--top", arguments->top, "Only the N most expensive rows; the others are summed in one more")
        ->type_name("N");
    app.add_option("--compare", arguments->compare,
                   "previous: beside the same part of the day, week, month or year before")
        ->type_name("PERIOD");
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
