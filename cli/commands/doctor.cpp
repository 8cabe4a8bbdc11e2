// llmgw doctor: what works, what does not, what to do about it. What is found is in cli/doctor/look_*.cpp, what to
// think of it in cli/doctor/judge_*.cpp.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/all.hpp"
#include "cli/doctor/judge.hpp"
#include "cli/doctor/patient.hpp"
#include "cli/doctor/report.hpp"

namespace llmgw {
namespace {

using namespace doctor;

struct Check {
    std::string_view section;
    Findings (*run)(Patient& patient);
};

Findings check_keys(Patient& patient) {
    std::vector<std::string> configured;
    for (const auto& table : patient.config().providers) {
        configured.push_back(table.name);
    }
    return patient.setup() ? judge_keys(patient.keys(), configured, patient.stored().has_value()) : Findings{};
}

// In the order that they are shown in; those of one section follow each other.
constexpr std::array<Check, 12> checks{{
    {"Configuration", [](Patient& p) { return judge_config(look_at_config(p)); }},
    {"Keys", [](Patient& p) { return judge_keychain(look_at_keychain(p)); }},
    {"Keys", &check_keys},
    {"Keys", [](Patient& p) { return judge_routes(look_at_routes(p)); }},
    {"Keys", [](Patient& p) { return judge_client_key(look_at_client_key(p)); }},
    {"Providers, asked now", [](Patient& p) { return p.options().online ? judge_online(look_online(p)) : Findings{}; }},
    {"Usage log", [](Patient& p) { return judge_directory(look_at_directory(p)); }},
    {"Usage log", [](Patient& p) { return judge_database(look_at_database(p)); }},
    {"Usage log", [](Patient& p) { return judge_journal(look_at_journal(p)); }},
    {"Gateway", [](Patient& p) { return judge_gateway(p.gateway()); }},
    {"Gateway", [](Patient& p) { return judge_targets(p.gateway()); }},
    {"This shell", [](Patient& p) { return judge_shell(look_at_shell(p)); }},
}};

int run(const Environment& env, const doctor::Options& options) {
    Patient patient(env, options);
    std::vector<Section> sections;
    for (const auto& check : checks) {
        if (sections.empty() || sections.back().title != check.section) { sections.push_back({check.section, {}}); }
        std::ranges::move(check.run(patient), std::back_inserter(sections.back().findings));
    }
    const View view{
        .width = env.stdout_is_tty ? env.width : 0, .color = env.color, .home = process_env("HOME").value_or("")};
    const auto text = options.json ? json_report(sections, env.stdout_is_tty) : text_report(sections, view);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return exit_code_of(sections);
}

}  // namespace

std::function<int()> define_doctor(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<doctor::Options>();
    app.add_flag("--online", options->online,
                 "Also show each key to its provider, and look at the clock; costs nothing");
    app.add_flag("--json", options->json, "Print JSON");
    app.add_option("--config", options->config, "Another configuration file");
    return [options, &env] { return run(env, *options); };
}

}  // namespace llmgw
