#include "cli/completion_script.hpp"

#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>

namespace llmgw {
namespace {

struct Node {
    std::string path;                                          // "keys set", "" for the root
    std::vector<std::pair<std::string, std::string>> words;    // subcommands
    std::vector<std::pair<std::string, std::string>> options;  // --name
};

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& out) {
    Node node;
    node.path = path;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) {
            node.options.emplace_back("--" + name, first_line(option->get_description()));
        }
    }
    const auto subcommands = app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
    for (const auto* sub : subcommands) {
        node.words.emplace_back(sub->get_name(), first_line(sub->get_description()));
    }
    out.push_back(node);
    for (const auto* sub : subcommands) {
        collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
    }
}

// For single quotes in all three shells.
std::string plain(std::string text) {
    std::erase_if(text, [](char c) { return c == '\'' || c == '\\' || c == '[' || c == ']' || c == ':'; });
    return text;
}

std::string bash(const std::vector<Node>& nodes) {
    std::ostringstream out;
    out << "# bash completion for llmgw; printed by `llmgw completions bash`\n"
           "_llmgw() {\n"
           "    local cur path word words\n"
           "    cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
           "    path=\"\"\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$path $word\" in\n";
    for (const auto& node : nodes) {
        if (!node.path.empty()) { out << "            ' " << node.path << "') path=' " << node.path << "' ;;\n"; }
    }
    out << "        esac\n"
           "    done\n"
           "    case \"$path\" in\n";
    for (const auto& node : nodes) {
        out << "        '" << (node.path.empty() ? "" : " " + node.path) << "') words='";
        for (const auto& [word, description] : node.words) {
            out << word << ' ';
        }
        for (const auto& [option, description] : node.options) {
            out << option << ' ';
        }
        out << "' ;;\n";
    }
    out << "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
           "    [ -n \"${COMPREPLY[*]}\" ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
           "}\n"
           "complete -F _llmgw llmgw\n";
    return out.str();
}

std::string zsh(const std::vector<Node>& nodes) {
    std::ostringstream out;
    out << "#compdef llmgw\n"
           "# zsh completion for llmgw; printed by `llmgw completions zsh`\n"
           "_llmgw() {\n"
           "    local place=\"\" word\n"
           "    for word in ${words[2,CURRENT-1]}; do\n"
           "        case \"$place $word\" in\n";
    for (const auto& node : nodes) {
        if (!node.path.empty()) { out << "            ' " << node.path << "') place=' " << node.path << "' ;;\n"; }
    }
    out << "        esac\n"
           "    done\n"
           "    local -a choices\n"
           "    case \"$place\" in\n";
    for (const auto& node : nodes) {
        out << "        '" << (node.path.empty() ? "" : " " + node.path) << "') choices=(";
        for (const auto* list : {&node.words, &node.options}) {
            for (const auto& [word, description] : *list) {
                out << "\n            '" << word << ':' << plain(description) << '\'';
            }
        }
        out << ") ;;\n";
    }
    out << "    esac\n"
           "    _describe 'llmgw' choices || _files\n"
           "}\n"
           "_llmgw \"$@\"\n";
    return out.str();
}

std::string fish(const std::vector<Node>& nodes) {
    std::ostringstream out;
    out << "# fish completion for llmgw; printed by `llmgw completions fish`\n"
           "function __llmgw_path\n"
           "    set -l path ''\n"
           "    for word in (commandline -opc)[2..-1]\n"
           "        switch \"$path $word\"\n";
    for (const auto& node : nodes) {
        if (!node.path.empty()) {
            out << "            case ' " << node.path << "'\n                set path ' " << node.path << "'\n";
        }
    }
    out << "        end\n"
           "    end\n"
           "    test \"$path\" = \"$argv[1]\"\n"
           "end\n";
    for (const auto& node : nodes) {
        const std::string condition = "__llmgw_path \"" + (node.path.empty() ? "" : " " + node.path) + "\"";
        for (const auto& [word, description] : node.words) {
            out << "complete -c llmgw -f -n '" << condition << "' -a " << word << " -d '" << plain(description)
                << "'\n";
        }
        for (const auto& [option, description] : node.options) {
            out << "complete -c llmgw -n '" << condition << "' -l " << option.substr(2) << " -d '" << plain(description)
                << "'\n";
        }
    }
    return out.str();
}

}  // namespace

std::string completion_script(const CLI::App& root, std::string_view shell) {
    std::vector<Node> nodes;
    collect(root, "", nodes);
    if (shell == "zsh") { return zsh(nodes); }
    if (shell == "fish") { return fish(nodes); }
    return bash(nodes);
}

}  // namespace llmgw
