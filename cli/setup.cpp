#include "cli/setup.hpp"

#include <cstdio>
#include <cstdlib>

#include "providers/catalogue.hpp"
#include "providers/models/table.hpp"

namespace llmgw {

std::optional<std::string> process_env(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) { return std::nullopt; }
    return value;
}

Result<Setup> load_setup(const Environment& env, const std::string& config_file) {
    const bool given = !config_file.empty() || env.config_given;
    auto config = load_config(config_file.empty() ? env.config_path : config_file, given);
    if (!config) { return std::unexpected(config.error()); }
    auto resolved = resolve_providers(*config, catalogue(), process_env);
    if (!resolved.ok()) { return fail(ErrorKind::config, resolved.errors()); }
    Setup setup{std::move(*config), std::move(resolved.providers), {}, {}};
    auto routes = RouteTable::make(setup.config, setup.providers, ModelCatalogue(builtin_models()));
    if (!routes) { return std::unexpected(routes.error()); }
    setup.routes = std::move(*routes);
    for (auto& finding : resolved.findings) {
        setup.warnings.push_back(std::move(finding.message));
    }
    return setup;
}

void print_warnings(const Setup& setup) {
    for (const auto& warning : setup.warnings) {
        std::fprintf(stderr, "llmgw: warning: %s\n", warning.c_str());
    }
}

}  // namespace llmgw
