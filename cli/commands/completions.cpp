#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/app.hpp"
#include "cli/commands/all.hpp"
#include "cli/completion_script.hpp"

namespace llmgw {

std::function<int()> define_completions(CLI::App& app, const Environment& env) {
    auto shell = std::make_shared<std::string>();
    app.add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    return [shell, &env] {
        // A tree of its own: this one is being parsed.
        Environment copy = env;
        int unused = 0;
        const auto tree = build_app(copy, unused);
        std::fputs(completion_script(*tree, *shell).c_str(), stdout);
        return exit_code::done;
    };
}

}  // namespace llmgw
