// llmgw models: what can be asked for, as far as the configuration says.
#include <algorithm>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/all.hpp"
#include "cli/setup.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

struct Options {
    std::string provider;
    std::string config;
    bool json = false;
};

std::string dialect_list(const Provider& provider) {
    std::string out;
    for (const auto id : provider.dialects) {
        if (!out.empty()) { out += ", "; }
        out += to_string(id);
    }
    return out;
}

int run(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    std::vector<std::string_view> names;
    for (const auto& provider : setup->providers) {
        names.push_back(provider.name);
    }
    if (!options.provider.empty() && std::ranges::find(names, options.provider) == names.end()) {
        const auto hint = did_you_mean(options.provider, names);
        return report_error({ErrorKind::usage, fmt::format("there is no provider \"{}\"{}", options.provider,
                                                           hint.empty() ? "; there are " + one_of(names) : hint)});
    }
    auto out = nlohmann::ordered_json::array();
    for (const auto& route : setup->config.routes) {
        if (!options.provider.empty()) { break; }
        if (options.json) {
            out.push_back({{"route", route.name}, {"strategy", route.strategy}, {"targets", route.targets}});
        } else {
            std::printf("%s\troute: %s\n", route.name.c_str(),
                        fmt::format("{}", fmt::join(route.targets, ", ")).c_str());
        }
    }
    for (const auto& provider : setup->providers) {
        if (!options.provider.empty() && provider.name != options.provider) { continue; }
        const auto dialects = dialect_list(provider);
        if (options.json) {
            auto spoken = nlohmann::ordered_json::array();
            for (const auto id : provider.dialects) {
                spoken.push_back(to_string(id));
            }
            out.push_back({{"provider", provider.name}, {"dialects", spoken}, {"models", provider.models}});
            continue;
        }
        for (const auto& model : provider.models) {
            std::printf("%s/%s\t%s\n", provider.name.c_str(), model.c_str(), dialects.c_str());
        }
        if (provider.models.empty()) { std::printf("%s/*\t%s\n", provider.name.c_str(), dialects.c_str()); }
    }
    if (options.json) { std::printf("%s\n", out.dump(2).c_str()); }
    return exit_code::done;
}

}  // namespace

std::function<int()> define_models(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.add_option("--provider", options->provider, "Only this provider's");
    app.add_option("--config", options->config, "Another configuration file");
    app.add_flag("--json", options->json, "Print JSON");
    return [options, &env] { return run(env, *options); };
}

}  // namespace llmgw
