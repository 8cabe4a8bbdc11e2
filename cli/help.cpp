#include "cli/help.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

// llmgw keys set
std::string full_name(const CLI::App& command) {
    const auto* parent = command.get_parent();
    return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::vector<const CLI::App*> shown_commands(const CLI::App& parent) {
    return parent.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

// The last command of the command line that was understood.
const CLI::App& reached(const CLI::App& root) {
    const auto* command = &root;
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
    }
    return *command;
}

std::string no_command(const CLI::App& parent, const std::string& word) {
    // What was typed by mistake may be a key, and is repeated only when it is none.
    if (redact(word) != word) { return "that is no command"; }
    std::vector<std::string> names;
    for (const auto* sub : shown_commands(parent)) {
        names.push_back(sub->get_name());
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto hint = did_you_mean(word, views);
    const bool at_top = parent.get_parent() == nullptr;
    if (hint.empty() && !at_top) { return fmt::format("no command \"{}\"; there are {}", word, one_of(views)); }
    return fmt::format("no command \"{}\"{}", word, hint);
}

std::string no_option(const CLI::App& command, const std::string& word) {
    const auto typed = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const auto* option : command.get_options()) {
        for (const auto& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    return fmt::format("no option \"{}\"{}", redact(typed), did_you_mean(typed, views));
}

bool is_option(const std::string& word) {
    return word.size() > 1 && word.starts_with("-");
}

// Of what was left over the first that tells most: an option's value is left over with it.
std::string complaint(const CLI::App& command, const CLI::ParseError& error) {
    const auto left = command.remaining();
    const auto option = std::ranges::find_if(left, is_option);
    if (command.get_require_subcommand_min() > 0 && !left.empty() && option != left.begin()) {
        return no_command(command, left.front());
    }
    if (option != left.end()) { return no_option(command, *option); }
    if (!left.empty()) { return "not expected: " + redact(fmt::format("{}", fmt::join(left, " "))); }
    return error.what();
}

}  // namespace

std::string help_of(const CLI::App& command) {
    return command.get_formatter()->make_help(&command, full_name(command), CLI::AppFormatMode::Normal);
}

const CLI::App* find_command(const CLI::App& root, std::span<const std::string> words) {
    const auto* command = &root;
    for (const auto& word : words) {
        const auto subs = shown_commands(*command);
        const auto found = std::ranges::find(subs, word, [](const CLI::App* sub) { return sub->get_name(); });
        if (found == subs.end()) {
            report_error({ErrorKind::usage, subs.empty() ? fmt::format("\"{}\" has no commands", command->get_name())
                                                         : no_command(*command, word)});
            return nullptr;
        }
        command = *found;
    }
    return command;
}

int tell_parse_error(CLI::App& root, const CLI::ParseError& error) {
    // Help and version are "errors" with code 0.
    if (error.get_exit_code() == 0) { return root.exit(error) == 0 ? exit_code::done : exit_code::usage; }
    const auto& command = reached(root);
    const bool nothing_typed = command.remaining().empty();
    if (command.get_require_subcommand_min() > 0 && nothing_typed) {
        std::fputs(help_of(command).c_str(), stderr);
        return exit_code::usage;
    }
    report_error({ErrorKind::usage, complaint(command, error)});
    std::fprintf(stderr, "\"%s --help\" tells more.\n", full_name(command).c_str());
    return exit_code::usage;
}

}  // namespace llmgw
