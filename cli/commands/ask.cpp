#include <charconv>
#include <cstdint>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/ask/run.hpp"
#include "cli/command.hpp"
#include "cli/commands/all.hpp"

namespace llmgw {
namespace {

// Whether something was said that only a question has a use for.
bool asks(const AskOptions& options) {
    return !options.words.empty() || !options.files.empty() || options.system || options.go_on ||
           !options.conversation.empty() || !options.schema_file.empty() || options.dry_run;
}

// An unset variable in a script must not mean a new conversation, or no schema.
std::string not_empty(const std::string& value) {
    return value.empty() ? "must not be empty" : "";
}

template <class Number>
bool read_whole(const std::string& text, Number& value) {
    const auto* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    return error == std::errc() && end == last;
}

// CLI11's own checks tell their ranges with all digits of the largest number.
std::string above_zero(const std::string& text) {
    std::int64_t value = 0;
    return read_whole(text, value) && value > 0 ? "" : "must be a whole number above 0";
}

std::string zero_to_two(const std::string& text) {
    double value = 0;
    return read_whole(text, value) && value >= 0 && value <= 2 ? "" : "must be a number from 0 to 2";
}

}  // namespace

std::function<int()> define_ask(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<AskOptions>();
    auto& o = *options;
    app.add_option("PROMPT", o.words, "The prompt; standard input is appended");
    app.add_option("--feature", o.feature, "What the money is spent for")->envname("LLMGW_FEATURE");
    app.add_option("-m,--model", o.model, "provider/model, or a model's name; else LLMGW_MODEL, else [ask] model");
    app.add_option_function<std::string>(
        "-s,--system", [options](const std::string& text) { options->system = text; }, "System prompt");
    app.add_option("--file", o.files,
                   "A text file, image (PNG, JPEG, GIF, WebP) or PDF to go along; - is standard input; "
                   "may be repeated")
        ->type_name("PATH")
        ->allow_extra_args(false);
    app.add_option("--schema", o.schema_file, "The answer must be JSON that fits the JSON Schema in this file")
        ->type_name("FILE")
        ->check(not_empty, "");
    auto* go_on = app.add_flag("-c,--continue", o.go_on, "Go on with the conversation used last");
    auto* conversation = app.add_option("--conversation", o.conversation, "Go on with this conversation")
                             ->type_name("ID")
                             ->check(not_empty, "");
    app.add_flag("--no-keep", o.no_keep, "Do not keep this question and its answer");
    app.add_option("--user", o.user, "Who asks, for the log");
    app.add_option("--meta", o.meta, "Goes into the log's metadata; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--max-tokens", o.max_tokens, "Longest answer, in tokens")->type_name("N")->check(above_zero, "");
    app.add_option_function<double>(
           "--temperature", [options](double value) { options->temperature = value; }, "How freely words are chosen")
        ->type_name("T")
        ->check(zero_to_two, "");
    app.add_flag("--no-stream", o.no_stream, "Ask for the whole answer at once");
    app.add_flag("--plain", o.plain, "Do not render Markdown on a terminal");
    app.add_flag("--json", o.json, "Print one JSON object: text, model, tokens, cost, ids");
    app.add_flag("-v,--verbose", o.verbose, "Tell model, tokens, cost and ids on standard error");
    app.add_flag("--dry-run", o.dry_run, "Print the request as it would be sent; sends nothing, needs no key");
    app.add_option("--config", o.config, "Another configuration file")->type_name("FILE");
    app.add_flag("--list", o.list, "List the kept conversations");
    app.add_option("--forget", o.forget, "Remove this conversation")->type_name("ID")->check(not_empty, "");
    app.add_option("--prune", o.prune, "Remove conversations not used for so long: 30d, 12h, or all")
        ->type_name("AGE")
        ->check(not_empty, "");
    go_on->excludes(conversation);
    return [options, &env] {
        const int manages =
            (options->list ? 1 : 0) + (options->forget.empty() ? 0 : 1) + (options->prune.empty() ? 0 : 1);
        if (manages == 0) { return run_ask(*options, env); }
        if (manages > 1 || asks(*options)) {
            return report_error({ErrorKind::usage,
                                 "--list, --forget and --prune stand alone: they take no prompt, and not each other"});
        }
        return manage_conversations(*options, env);
    };
}

}  // namespace llmgw
