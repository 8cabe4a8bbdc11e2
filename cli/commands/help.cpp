// llmgw help [COMMAND]: the same as COMMAND --help.
#include "cli/help.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/all.hpp"

namespace llmgw {

std::function<int()> define_help(CLI::App& app, const Environment&) {
    auto words = std::make_shared<std::vector<std::string>>();
    app.add_option("COMMAND", *words, "Which command's, like: keys set");
    return [words, &app] {
        const auto* command = find_command(*app.get_parent(), *words);
        if (command == nullptr) { return exit_code::usage; }
        std::fputs(help_of(*command).c_str(), stdout);
        return exit_code::done;
    };
}

}  // namespace llmgw
