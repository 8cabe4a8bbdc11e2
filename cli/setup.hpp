// The configuration and the providers, as every command that needs them gets them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/environment.hpp"
#include "core/config/config.hpp"
#include "core/provider/resolve.hpp"
#include "core/route/table.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct Setup {
    Config config;
    std::vector<Provider> providers;
    RouteTable routes;                  // points into providers
    std::vector<std::string> warnings;  // one line each
};

// std::getenv as resolve_providers wants it.
std::optional<std::string> process_env(std::string_view name);

// Loads the configuration file and resolves the providers. `config_file` is the value of --config, "" when it was
// not given: then the usual file may be missing. ErrorKind::config with every finding on a line of its own.
Result<Setup> load_setup(const Environment& env, const std::string& config_file = "");

// "llmgw: warning: ..." on standard error.
void print_warnings(const Setup& setup);

}  // namespace llmgw
