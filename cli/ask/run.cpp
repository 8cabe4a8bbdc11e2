#include "cli/ask/run.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/ask/client.hpp"
#include "cli/ask/conversations.hpp"
#include "cli/ask/dry_run.hpp"
#include "cli/ask/question.hpp"
#include "cli/ask/report.hpp"
#include "cli/ask/schema_check.hpp"
#include "cli/command.hpp"
#include "cli/keys/presence.hpp"
#include "cli/keys/trial.hpp"
#include "cli/runtime.hpp"
#include "cli/setup.hpp"
#include "cli/term/style.hpp"
#include "core/net/drive_stream.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"

namespace llmgw {
namespace {

// Of an answer that is judged; the library writes and compares recursively.
constexpr std::size_t answer_nesting_max = 500;

void tell(const std::string& message) {
    std::fprintf(stderr, "llmgw: %s\n", message.c_str());
}

// Keeps the row of this process's one call, on its way to the log.
class Witness final : public Ledger {
public:
    explicit Witness(Ledger& log) : log_(log) {}
    void record(CallRecord record) override {
        row = record.call;
        log_.record(std::move(record));
    }
    CallRow row;

private:
    Ledger& log_;
};

AskShow show_of(const AskOptions& options, const Environment& env) {
    if (options.json) { return AskShow::nothing; }
    if (!env.stdout_is_tty) { return AskShow::raw; }
    const bool rendered = env.color && !options.plain && options.schema_file.empty();
    return rendered ? AskShow::markdown : AskShow::screen;
}

// Makes the call; false when it did not end as it should have.
bool call(Runtime& runtime, const HttpRequest& request, AnswerClient& client) {
    const Watch watch{client.fd(), -1};
    auto reply = runtime.gateway().handle(
        request, [&] { return Result<std::string>(request.body); }, watch);
    client.expect_events(find_header(reply.headers, "content-type").starts_with("text/event-stream"));
    bool whole = true;
    if (reply.stream) {
        whole = drive_stream(*reply.stream, client, watch);
    } else if (reply.pump) {
        whole = reply.pump(client);
    } else {
        client.write(reply.body);
    }
    client.end(reply.status < 300);
    return whole && reply.status < 300;
}

void keep_exchange(const AskQuestion& question, const Conversations& kept, const Config& config, const CallRow& row,
                   const std::string& answer) {
    AskExchange exchange{row.started_ms,
                         row.call_id,
                         question.model,
                         question.system,
                         question.parts,
                         answer,
                         row.ending == Ending::done};
    if (auto added = kept.append(question.before, exchange); !added) {
        tell("warning: the conversation is not kept: " + added.error().message);
        return;
    }
    kept.prune({config.ask.keep_conversations, config.ask.keep_days, config.ask.keep_mb << 20}, row.started_ms);
}

struct Judgement {
    nlohmann::json data;
    AskSchemaVerdict verdict;
};

Judgement judge(const JsonSchema& schema, const std::string& text) {
    Judgement judgement;
    if (json_nesting(text) > answer_nesting_max) {
        judgement.verdict.problems = {"the answer is nested too deeply to be checked"};
        return judgement;
    }
    judgement.data = nlohmann::json::parse(text, nullptr, false);
    if (judgement.data.is_discarded()) {
        judgement.verdict.problems = {"the answer is not JSON"};
        return judgement;
    }
    judgement.verdict.problems = schema.problems(judgement.data);
    return judgement;
}

int tell_schema_problems(const AskSchemaVerdict& verdict, const std::string& file) {
    tell("the answer does not fit " + file + ":");
    for (const auto& problem : verdict.problems) {
        std::fprintf(stderr, "  %s\n", printable(problem).c_str());
    }
    return exit_code::failed;
}

// What to do about a key of the provider's that was refused, "" when none was.
std::string key_remedy(const CallRow& row, const Snapshot& snapshot, Keychain& keychain) {
    if (!key_was_refused(row)) { return {}; }
    const auto found = std::ranges::find(snapshot.providers, row.provider, &Provider::name);
    if (found == snapshot.providers.end()) { return "store another with: llmgw keys set " + row.provider; }
    const auto references = found->key_references();
    if (references.size() > 1) { return "\"llmgw keys test " + row.provider + "\" tells which one"; }
    auto provider = *found;
    provider.api_key = references.front();
    const auto reference = parse_reference(provider.api_key).value_or(KeyReference{});
    // One that is in the keychain is used before the variable of that name.
    const auto stored = reference.kind == KeyKind::automatic ? keychain.list() : Result<std::vector<std::string>>();
    const auto names = names_of(stored);
    const bool in_keychain = std::ranges::find(names, reference.name) != names.end();
    return remedy_for_bad_key(provider, describe_key_source(provider, in_keychain, process_env));
}

// How the call ended, for the shell and on standard error; the schema is judged apart.
int outcome(const AnswerClient& client, const Presence& presence, const CallRow& row, bool whole,
            const Environment& env, const std::string& remedy) {
    if (presence.interrupted()) {
        // The terminal has written ^C where the answer stood; where that ended in mid-line, its end is on the way.
        const auto& text = client.answer().text;
        if (env.stderr_is_tty && (text.empty() || text.ends_with('\n'))) { std::fputc('\n', stderr); }
        tell("interrupted; what was spent is in the log (call " + row.call_id + ")");
        return exit_code::interrupted;
    }
    if (client.reader_gone()) { return exit_code::done; }
    if (!client.write_error().empty()) {
        tell(client.write_error());
        return exit_code::failed;
    }
    if (!whole || row.ending != Ending::done) {
        tell(failure_text(row, client.body(), remedy));
        return failure_exit(row);
    }
    if (client.answer().text.empty()) {
        const auto& why = client.answer().refusal;
        tell("the model answered without text" +
             (why.empty() ? " (finish reason: " + printable(row.finish_reason) + ")" : ": " + printable(why)));
        return exit_code::failed;
    }
    if (const auto warning = finish_warning(row, client.answer()); !warning.empty()) { tell("warning: " + warning); }
    return exit_code::done;
}

int ask(const AskQuestion& question, const AskOptions& options, const Environment& env, const Conversations& kept,
        Runtime& runtime, const std::shared_ptr<const Snapshot>& snapshot) {
    auto presence = Presence::begin();
    if (!presence) { return report_error(presence.error()); }
    Witness witness(runtime.ledger());
    runtime.start(snapshot, &witness);
    AnswerClient client(question.dialect, show_of(options, env), **presence);
    const bool whole = call(runtime, question.request, client);
    const auto& row = witness.row;
    int code = outcome(client, **presence, row, whole, env, key_remedy(row, *snapshot, runtime.keychain()));

    const auto& answer = client.answer();
    const bool answered = !answer.text.empty();
    const bool keeps = question.keep && answered;
    if (keeps) { keep_exchange(question, kept, snapshot->config, row, answer.text); }
    Judgement judgement;
    const bool judged = question.schema && answered && code == exit_code::done && !client.reader_gone();
    if (judged) {
        judgement = judge(*question.schema, answer.text);
        judgement.verdict.data = judgement.data.is_discarded() ? nullptr : &judgement.data;
        if (!judgement.verdict.problems.empty()) {
            code = tell_schema_problems(judgement.verdict, options.schema_file);
        }
    }
    const AskReport report{row, answer, keeps ? question.before.id : "", judged ? &judgement.verdict : nullptr};
    if (options.json && (answered || code == exit_code::done)) { write_standard_output(report_json(report)); }
    if (options.verbose && !row.call_id.empty()) { std::fprintf(stderr, "%s\n", report_line(report).c_str()); }
    return code;
}

int show_dry_run(const AskQuestion& question, const AskOptions& options, Setup setup) {
    const auto name = question.target.provider->name;
    const bool keyless = question.target.provider->api_key.empty() || question.target.provider->api_key == "none";
    const auto shown = dry_run(std::move(setup.config), std::move(setup.providers), question.request);
    if (!shown) { return report_error(shown.error()); }
    write_standard_output(options.json ? dry_run_json(*shown) : dry_run_text(*shown));
    tell("dry run: nothing was sent" + (keyless ? std::string() : "; the key of " + name + " would be added"));
    return exit_code::done;
}

}  // namespace

int run_ask(const AskOptions& options, const Environment& env) {
    set_log_level(LogLevel::error);
    auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    print_warnings(*setup);
    const Conversations kept(env.data_dir + "/conversations");
    const auto question = prepare_question(options, *setup, kept, env);
    if (!question) { return report_error(question.error()); }
    if (options.dry_run) { return show_dry_run(*question, options, std::move(*setup)); }

    // A route has other targets, and says itself what each of them lacked.
    if (!question->routed && question->target.provider->passthrough()) {
        return report_error(
            {ErrorKind::credential,
             "provider \"" + question->target.provider->name +
                 "\" takes the client's own credential (api_key = \"passthrough\"), and ask has none; give "
                 "it a second [providers.NAME] table with a key of its own"});
    }
    if (auto made = ensure_private_dir(env.data_dir); !made) { return report_error(made.error()); }
    auto config = setup->config;
    config.server.require_key = false;  // nobody else can reach a gateway inside this process
    Runtime runtime(env.self, env.data_dir, config.log);
    auto snapshot = runtime.make_snapshot(std::move(config), {});
    if (!snapshot) { return report_error(snapshot.error()); }
    for (const auto& provider : (*snapshot)->providers) {
        if (question->routed || provider.name != question->target.provider->name) { continue; }
        if (auto key = (*snapshot)->keys->key_of(provider); !key) { return report_error(key.error()); }
    }
    return ask(*question, options, env, kept, runtime, *snapshot);
}

}  // namespace llmgw
