#include "cli/ask/question.hpp"

#include <cstdio>

#include "cli/ask/prompt.hpp"
#include "core/util/file.hpp"
#include "core/util/id.hpp"

namespace llmgw {
namespace {

constexpr std::size_t schema_bytes_max = 1 << 20;

Result<Conversation> conversation_of(const AskOptions& options, const Conversations& kept, bool& goes_on) {
    goes_on = options.go_on || !options.conversation.empty();
    if (!options.conversation.empty()) { return kept.load(options.conversation); }
    if (options.go_on) { return kept.load_last(); }
    return Conversation{make_id(SystemClock{}), {}};
}

// What was typed, then what the conversation used, then what is set for all asks.
Result<std::string> model_of(const AskOptions& options, const Conversation& before, const Config& config,
                             const Environment& env) {
    if (!options.model.empty()) { return options.model; }
    if (!before.exchanges.empty()) { return before.exchanges.back().model; }
    if (const auto set = process_env("LLMGW_MODEL"); set && !set->empty()) { return *set; }
    if (!config.ask.model.empty()) { return config.ask.model; }
    return fail(
        ErrorKind::usage,
        "no model is given: say -m MODEL (such as -m claude-haiku-4-5 or -m openai/gpt-5-mini), set LLMGW_MODEL, or "
        "put\n  [ask]\n  model = \"MODEL\"\ninto " +
            (options.config.empty() ? env.config_path : options.config) +
            ". llmgw models shows what can be asked for.");
}

Result<std::optional<JsonSchema>> schema_of(const AskOptions& options) {
    if (options.schema_file.empty()) { return std::nullopt; }
    const auto text = read_file(options.schema_file, schema_bytes_max);
    if (!text) { return fail(ErrorKind::usage, "--schema: " + text.error().message); }
    auto schema = JsonSchema::parse(*text, options.schema_file);
    if (!schema) { return fail(ErrorKind::usage, "--schema: " + schema.error().message); }
    for (const auto& one : schema->unchecked()) {
        std::fprintf(stderr, "llmgw: warning: %s: not checked: %s\n", options.schema_file.c_str(), one.c_str());
    }
    return std::optional<JsonSchema>(std::move(*schema));
}

// What a route would try first, as far as its name tells: the question is written in that one's dialect.
std::string first_of(const Route& route) {
    const auto* target = &route.targets.front();
    while (target->route != nullptr) {
        target = &target->route->targets.front();
    }
    return target->name();
}

Result<> choose_target(AskQuestion& question, const Setup& setup) {
    const auto& providers = setup.providers;
    const auto* route = setup.routes.find(question.model);
    question.routed = route != nullptr;
    const auto model = route != nullptr ? first_of(*route) : question.model;
    question.dialect = dialect_for(model, providers);
    auto target = resolve_model(model, question.dialect, providers, Translatable::yes);
    if (!target) {
        auto message = target.error().message;
        if (message.starts_with("llmgw: ")) { message.erase(0, 7); }
        return fail(ErrorKind::usage, message);
    }
    question.target = std::move(*target);
    return {};
}

Result<> write_request(AskQuestion& question, const AskOptions& options, const Config& config) {
    auto metadata = metadata_json(options.meta);
    if (!metadata) { return std::unexpected(metadata.error()); }
    AskInput input;
    input.model = question.model;
    input.system = question.system;
    input.turns = question.before.turns();
    input.turns.push_back({AskRole::user, question.parts});
    input.max_tokens = options.max_tokens;
    input.temperature = options.temperature;
    input.stream = !options.no_stream;
    input.max_completion_tokens = question.target.provider->type == "openai";
    if (const auto& schema = question.schema) {
        input.format = AskFormat{schema->name(), schema->text(), schema->fits_strict_mode()};
    }
    auto made = ask_request(question.dialect, input);
    const auto bytes_max = static_cast<std::size_t>(config.server.max_body_mb) << 20;
    if (made.body.size() > bytes_max) {
        return fail(ErrorKind::usage,
                    "the request would have " + std::to_string(made.body.size() >> 20) +
                        " MiB, more than [server] max_body_mb = " + std::to_string(config.server.max_body_mb) +
                        "; leave files out, or begin a new conversation");
    }
    auto& request = question.request;
    request.method = "POST";
    request.target = std::move(made.path);
    request.body = std::move(made.body);
    request.headers = {{"host", "localhost"}, {"content-type", "application/json"}, {"user-agent", "llmgw-ask"}};
    if (!options.feature.empty()) { request.headers.emplace_back("x-llmgw-feature", options.feature); }
    if (!options.user.empty()) { request.headers.emplace_back("x-llmgw-user", options.user); }
    if (!metadata->empty()) { request.headers.emplace_back("x-llmgw-metadata", *metadata); }
    // The version this request is written for; providers refuse Messages calls without one.
    if (question.dialect == DialectId::anthropic) { request.headers.emplace_back("anthropic-version", "2023-06-01"); }
    return {};
}

}  // namespace

Result<AskQuestion> prepare_question(const AskOptions& options, const Setup& setup, const Conversations& kept,
                                     const Environment& env) {
    const auto& config = setup.config;
    if (options.feature.empty() && config.features.on_missing != "untagged") {
        return fail(
            ErrorKind::usage,
            "no feature is given, so the cost could not be attributed: say --feature NAME, or set LLMGW_FEATURE");
    }
    AskQuestion question;
    bool goes_on = false;
    auto before = conversation_of(options, kept, goes_on);
    if (!before) { return std::unexpected(before.error()); }
    question.before = std::move(*before);
    question.keep = !options.no_keep && config.ask.keep_conversations > 0;
    auto model = model_of(options, question.before, config, env);
    if (!model) { return std::unexpected(model.error()); }
    question.model = std::move(*model);
    if (goes_on) { question.system = question.before.exchanges.back().system; }
    if (options.system) { question.system = *options.system; }
    if (auto chosen = choose_target(question, setup); !chosen) { return std::unexpected(chosen.error()); }
    auto schema = schema_of(options);
    if (!schema) { return std::unexpected(schema.error()); }
    question.schema = std::move(*schema);
    auto parts = read_question(options, static_cast<std::size_t>(config.server.max_body_mb) << 20);
    if (!parts) { return std::unexpected(parts.error()); }
    question.parts = std::move(*parts);
    if (auto written = write_request(question, options, config); !written) { return std::unexpected(written.error()); }
    return question;
}

}  // namespace llmgw
