// llmgw routes list|explain
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/all.hpp"
#include "cli/keys/keys.hpp"
#include "cli/keys/presence.hpp"
#include "cli/routes/asked_format.hpp"
#include "cli/term/table.hpp"
#include "core/config/settings.hpp"
#include "core/gateway/peek.hpp"
#include "core/route/make_plan.hpp"
#include "core/route/rules.hpp"
#include "core/util/file.hpp"
#include "providers/prices/user_table.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t request_bytes_max = std::size_t{64} << 20;

struct Options {
    std::string model;
    std::string request;
    std::string format;
    std::string feature;
    std::string user;
    std::string agent;
    std::string client_key = "default";
    std::string metadata;
    std::vector<std::string> headers;
    std::string config;
    bool json = false;
};

struct Asked {
    std::string body;
    Headers headers;
    CallFacts facts;  // views into the above and the options
};

Result<> read_asked(const Options& options, Asked& asked) {
    auto& facts = asked.facts;
    if (!options.request.empty()) {
        auto body = read_file(options.request, request_bytes_max);
        if (!body) { return fail(ErrorKind::usage, "--request: " + body.error().message); }
        asked.body = std::move(*body);
        const auto peek = peek_body(asked.body);
        if (!peek) { return fail(ErrorKind::usage, "--request: " + options.request + " holds no JSON object"); }
        facts.max_tokens = peek->max_tokens;
    }
    for (const auto& header : options.headers) {
        const auto equals = header.find('=');
        if (equals == std::string::npos) { return fail(ErrorKind::usage, "--header is NAME=VALUE"); }
        asked.headers.emplace_back(header.substr(0, equals), header.substr(equals + 1));
    }
    facts.model = options.model;
    facts.feature = options.feature;
    facts.client_key = options.client_key;
    facts.user = options.user;
    facts.metadata = options.metadata;
    facts.agent = options.agent;
    facts.headers = &asked.headers;
    facts.conversation = true;
    facts.body = asked.body.empty() ? std::string_view("{}") : std::string_view(asked.body);
    return {};
}

// Which providers have no key, and what to do about it.
class Keyless {
public:
    Keyless(const Environment& env, const std::vector<Provider>& providers) {
        const auto keychain = make_system_keychain(env.self, brisk);
        keys_ = look_for_keys(providers, *keychain, keychain->list());
    }
    // "" for one that has a key or needs none.
    std::string remedy(const Provider& provider) const {
        std::string remedy;
        for (const auto& key : keys_) {
            if (key.provider.name != provider.name) { continue; }
            if (key.state != KeyState::missing) { return {}; }
            if (remedy.empty()) { remedy = remedy_for(key); }
        }
        return remedy;
    }

private:
    std::vector<KeyPresence> keys_;
};

std::string name_of(const PlannedTarget& planned) {
    return planned.target.provider->name + "/" + planned.target.model;
}

void print_json(const Options& options, const AskedFormat& format, const Way& way, const RouteTable& table,
                const Plan& plan, const Keyless& keyless) {
    ordered_json out;
    out["model"] = options.model;
    out["format"] = to_string(format.dialect);
    out["format_from"] = format.from;
    out["route"] = plan.route.empty() ? ordered_json(nullptr) : ordered_json(plan.route);
    out["rule"] = way.rule != nullptr ? ordered_json(way.rule - table.rules().data() + 1) : ordered_json(nullptr);
    out["targets"] = ordered_json::array();
    for (const auto& planned : plan.targets) {
        const auto remedy = keyless.remedy(*planned.target.provider);
        out["targets"].push_back({{"provider", planned.target.provider->name},
                                  {"model", planned.target.model},
                                  {"dialect", to_string(planned.target.dialect)},
                                  {"reason", planned.reason},
                                  {"has_key", remedy.empty()},
                                  {"remedy", remedy.empty() ? ordered_json(nullptr) : ordered_json(remedy)}});
    }
    out["left_out"] = ordered_json::array();
    for (const auto& left : plan.left_out) {
        out["left_out"].push_back({{"target", left.target}, {"reason", left.reason}});
    }
    std::printf("%s\n", out.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
}

void print_plan(const Environment& env, const Way& way, const RouteTable& table, const Plan& plan,
                const Keyless& keyless) {
    if (way.rule != nullptr) {
        std::printf("rule %td sends it to %s\n", way.rule - table.rules().data() + 1, way.route->name.c_str());
    }
    const Style style(env.color);
    Table shown({{"", Align::right}, {"TARGET", Align::left, true}, {"SPOKEN", Align::left, true}, {"WHY"}});
    int number = 0;
    for (const auto& planned : plan.targets) {
        const auto remedy = keyless.remedy(*planned.target.provider);
        shown.add_row({std::to_string(++number), name_of(planned), std::string(to_string(planned.target.dialect)),
                       remedy.empty() ? planned.reason : "has no key: " + remedy + "; " + planned.reason});
    }
    for (const auto& left : plan.left_out) {
        shown.add_row({"-", left.target, "", "left out: " + left.reason});
    }
    std::printf("%s", shown.render(style, env.stdout_is_tty ? env.width : 0).c_str());
}

int explain(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto prices = PriceTable::load(setup->config.prices.file);
    if (!prices) { return report_error(prices.error()); }
    const Prices lines(prices->lines());
    Asked asked;
    if (auto read = read_asked(options, asked); !read) { return report_error(read.error()); }
    const auto format = asked_format({options.format, asked.body, options.agent, options.model}, setup->providers);
    asked.facts.dialect = format.dialect;
    PlanInput input{.dialect = format.dialect,
                    .translatable = Translatable::yes,
                    .providers = setup->providers,
                    .catalogue = &setup->routes.catalogue()};
    const Keyless keyless(env, setup->providers);
    input.has_key = [&](const Provider& provider) { return keyless.remedy(provider).empty(); };
    input.now.facts = &asked.facts;
    input.now.prices = &lines;
    input.now.seed = std::random_device{}();
    input.now.now_ms = SystemClock{}.now_ms();
    asked.facts.local_hour = local_hour(input.now.now_ms);
    const auto way = find_way(setup->routes, asked.facts);
    const auto plan =
        way.route != nullptr ? plan_route(*way.route, input) : plan_model(setup->routes, input, options.model);
    if (!plan) {
        auto message = plan.error().message;
        if (message.starts_with("llmgw: ")) { message.erase(0, 7); }
        return report_error({ErrorKind::usage, message});
    }
    if (options.json) {
        print_json(options, format, way, setup->routes, *plan, keyless);
        return exit_code::done;
    }
    print_plan(env, way, setup->routes, *plan, keyless);
    if (!format.because.empty()) {
        std::fprintf(stderr, "llmgw: for a call in the format %s, %s; --format NAME asks for another\n",
                     std::string(to_string(format.dialect)).c_str(), format.because.c_str());
    }
    if (way.route != nullptr && way.route->strategy == Strategy::fastest) {
        std::fprintf(stderr, "llmgw: how fast they have been lately is known to the running gateway only\n");
    }
    return exit_code::done;
}

std::string targets_of(const RouteConfig& route) {
    std::string text;
    for (std::size_t i = 0; i < route.targets.size(); ++i) {
        text += (text.empty() ? "" : ", ") + route.targets[i];
        if (i < route.weights.size()) { text += fmt::format(" ({})", route.weights[i]); }
    }
    if (route.fallback == "auto") { text += ", the same models elsewhere"; }
    return text;
}

// What a rule asks about, as it is written.
std::string conditions_of(const RuleConfig& rule) {
    std::string text;
    for (const auto& row : rule_settings()) {
        const auto value = show_value(row, rule);
        if (row.key == "use" || value.empty() || value == "\"\"" || value == "[]" || value == row.initial) { continue; }
        text += (text.empty() ? "" : ", ") + std::string(row.key) + " = " + value;
    }
    return text;
}

std::string use_of(const RuleConfig& rule) {
    return fmt::format("{}", fmt::join(rule.use, ", "));
}

int list(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto& config = setup->config;
    if (options.json) {
        ordered_json out = {{"routes", ordered_json::array()}, {"rules", ordered_json::array()}};
        for (const auto& route : config.routes) {
            out["routes"].push_back({{"name", route.name},
                                     {"strategy", route.strategy},
                                     {"sticky", route.sticky},
                                     {"fallback", route.fallback},
                                     {"targets", route.targets},
                                     {"weights", route.weights}});
        }
        for (const auto& rule : config.rules) {
            out["rules"].push_back({{"asks", conditions_of(rule)}, {"use", rule.use}});
        }
        std::printf("%s\n", out.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
        return exit_code::done;
    }
    if (config.routes.empty() && config.rules.empty()) {
        std::fprintf(stderr, "llmgw: there are no routes; they are [routes.NAME] tables in %s\n",
                     config.path.empty() ? env.config_path.c_str() : config.path.c_str());
        return exit_code::done;
    }
    const Style style(env.color);
    const int width = env.stdout_is_tty ? env.width : 0;
    if (!config.routes.empty()) {
        Table routes({{"ROUTE", Align::left, true}, {"STRATEGY", Align::left, true}, {"TARGETS"}});
        for (const auto& route : config.routes) {
            routes.add_row({route.name, route.strategy + (route.sticky ? ", sticky" : ""), targets_of(route)});
        }
        std::printf("%s", routes.render(style, width).c_str());
    }
    if (!config.rules.empty()) {
        Table rules({{"RULE", Align::right}, {"WHEN"}, {"USES"}});
        int number = 0;
        for (const auto& rule : config.rules) {
            rules.add_row({std::to_string(++number), conditions_of(rule), use_of(rule)});
        }
        std::printf("%s%s", config.routes.empty() ? "" : "\n", rules.render(style, width).c_str());
    }
    return exit_code::done;
}

std::string check_format(const std::string& name) {
    return dialect_from(name) ? "" : "expected anthropic, openai-chat, openai-responses or gemini";
}

}  // namespace

std::function<int()> define_routes(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.require_subcommand(1);
    auto* explain_app = app.add_subcommand("explain", "Print what a call would try, in order, and why");
    explain_app->add_option("MODEL", options->model, "A route, or a model as it would be asked for")->required();
    explain_app->add_option("--request", options->request, "A file with the request's JSON body");
    explain_app
        ->add_option("--format", options->format,
                     "The request's wire format, where its body, the agent or the model does not tell it")
        ->type_name("{anthropic,openai-chat,openai-responses,gemini}")
        ->check(CLI::Validator(check_format, "", ""));
    explain_app->add_option("--feature", options->feature, "The call's feature");
    explain_app->add_option("--user", options->user, "The call's x-llmgw-user");
    explain_app->add_option("--agent", options->agent, "The agent that calls, such as claude-code");
    explain_app->add_option("--client-key", options->client_key, "The name of llmgw's key that is used");
    explain_app->add_option("--metadata", options->metadata, "The call's x-llmgw-metadata, a JSON object");
    explain_app->add_option("--header", options->headers, "A header of the request, NAME=VALUE; repeatable")
        ->allow_extra_args(false);
    auto* list_app = app.add_subcommand("list", "Print the routes and rules of the configuration");
    explain_app->footer("Example:\n  llmgw routes explain fast --request call.json");
    list_app->footer("Example:\n  llmgw routes list\n  llmgw routes list --json");
    for (auto* sub : {explain_app, list_app}) {
        sub->add_option("--config", options->config, "Another configuration file");
        sub->add_flag("--json", options->json, "Print JSON");
    }
    return [options, &env, list_app] { return list_app->parsed() ? list(env, *options) : explain(env, *options); };
}

}  // namespace llmgw
