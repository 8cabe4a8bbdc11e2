// llmgw internal-words: what completions offer and only the configuration knows.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/all.hpp"
#include "cli/setup.hpp"
#include "providers/catalogue.hpp"
#include "providers/prices/table.hpp"

namespace llmgw {
namespace {

std::vector<std::string> provider_words(const Setup& setup) {
    std::vector<std::string> words;
    for (const auto& provider : setup.providers) {
        words.push_back(provider.name);
    }
    for (const auto& entry : catalogue()) {
        if (!entry.base_url.empty()) { words.emplace_back(entry.name); }
    }
    return words;
}

// Routes, the models that the configuration names, and where it names none those of the provider's price list.
std::vector<std::string> model_words(const Setup& setup) {
    std::vector<std::string> words;
    for (const auto& route : setup.config.routes) {
        words.push_back(route.name);
    }
    for (const auto& provider : setup.providers) {
        for (const auto& model : provider.models) {
            words.push_back(provider.name + "/" + model);
        }
        for (const auto& line : builtin_prices()) {
            if (provider.models.empty() && line.provider == provider.price_list) {
                words.push_back(provider.name + "/" + std::string(line.model));
            }
        }
    }
    return words;
}

std::vector<std::string> command_words() {
    std::vector<std::string> words;
    for (const auto& command : commands()) {
        if (!command.hidden) { words.emplace_back(command.name); }
    }
    return words;
}

}  // namespace

std::function<int()> define_internal_words(CLI::App& app, const Environment& env) {
    auto what = std::make_shared<std::string>();
    app.add_option("WHAT", *what, "Which words")->required()->check(CLI::IsMember({"providers", "models", "commands"}));
    return [what, &env] {
        auto words = command_words();
        if (*what != "commands") {
            // Whoever presses the tab key is told nothing about a broken file.
            const auto setup = load_setup(env);
            if (!setup) { return exit_code::config; }
            words = *what == "models" ? model_words(*setup) : provider_words(*setup);
        }
        std::ranges::sort(words);
        const auto twice = std::ranges::unique(words);
        words.erase(twice.begin(), twice.end());
        for (const auto& word : words) {
            std::printf("%s\n", word.c_str());
        }
        return exit_code::done;
    };
}

}  // namespace llmgw
