#include <memory>

#include <CLI/CLI.hpp>

#include "cli/ask/run.hpp"
#include "cli/commands/all.hpp"

namespace llmgw {

std::function<int()> define_ask(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<AskOptions>();
    auto& o = *options;
    auto* words = app.add_option("PROMPT", o.words, "The prompt; standard input is appended");
    app.add_option("--feature", o.feature, "What the money is spent for")->envname("LLMGW_FEATURE");
    app.add_option("-m,--model", o.model, "provider/model, or a model's name; else LLMGW_MODEL, else [ask] model");
    auto* system = app.add_option_function<std::string>(
        "-s,--system", [options](const std::string& text) { options->system = text; }, "System prompt");
    auto* file = app.add_option("--file", o.files,
                                "A text file, image (PNG, JPEG, GIF, WebP) or PDF to go along; - is standard input; "
                                "may be repeated")
                     ->type_name("PATH")
                     ->allow_extra_args(false);
    app.add_option("--schema", o.schema_file, "The answer must be JSON that fits the JSON Schema in this file")
        ->type_name("FILE");
    auto* go_on = app.add_flag("-c,--continue", o.go_on, "Go on with the conversation used last");
    auto* conversation =
        app.add_option("--conversation", o.conversation, "Go on with this conversation")->type_name("ID");
    app.add_flag("--no-keep", o.no_keep, "Do not keep this question and its answer");
    app.add_option("--user", o.user, "Who asks, for the log");
    app.add_option("--meta", o.meta, "Goes into the log's metadata; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--max-tokens", o.max_tokens, "Longest answer, in tokens")->check(CLI::PositiveNumber);
    app.add_option_function<double>(
           "--temperature", [options](double value) { options->temperature = value; }, "How freely words are chosen")
        ->check(CLI::Range(0.0, 2.0));
    app.add_flag("--no-stream", o.no_stream, "Ask for the whole answer at once");
    app.add_flag("--plain", o.plain, "Do not render Markdown on a terminal");
    app.add_flag("--json", o.json, "Print one JSON object: text, model, tokens, cost, ids");
    app.add_flag("-v,--verbose", o.verbose, "Tell model, tokens, cost and ids on standard error");
    auto* dry_run =
        app.add_flag("--dry-run", o.dry_run, "Print the request as it would be sent; sends nothing, needs no key");
    auto* list = app.add_flag("--list", o.list, "List the kept conversations");
    auto* forget = app.add_option("--forget", o.forget, "Remove this conversation")->type_name("ID");
    auto* prune = app.add_option("--prune", o.prune, "Remove conversations not used for so long: 30d, 12h, or all")
                      ->type_name("AGE");
    go_on->excludes(conversation);
    for (auto* manages : {list, forget, prune}) {
        for (auto* asks : {words, system, file, go_on, conversation, dry_run}) {
            manages->excludes(asks);
        }
    }
    list->excludes(forget)->excludes(prune);
    forget->excludes(prune);
    return [options, &env] {
        const bool manages = options->list || !options->forget.empty() || !options->prune.empty();
        return manages ? manage_conversations(*options, env) : run_ask(*options, env);
    };
}

}  // namespace llmgw
