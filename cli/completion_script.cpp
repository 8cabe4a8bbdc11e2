#include "cli/completion_script.hpp"

#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/completion_values.hpp"

namespace llmgw {
namespace {

using Form = CompletionValues::Form;

struct ValueOption {
    std::vector<std::string> names;  // -m, --model
    CompletionValues values;
};

struct Node {
    std::string path;                                          // "keys set", "" for the root
    std::vector<std::pair<std::string, std::string>> words;    // subcommands
    std::vector<std::pair<std::string, std::string>> options;  // --name
    std::vector<ValueOption> with_value;
    std::vector<CompletionValues> arguments;  // of which something is known

    std::string place() const { return path.empty() ? "" : " " + path; }
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
        auto values = completion_values(*option);
        if (option->get_positional()) {
            if (values.form != Form::unknown) { node.arguments.push_back(std::move(values)); }
            continue;
        }
        if (option->get_items_expected_max() == 0) { continue; }
        ValueOption one{{}, std::move(values)};
        for (const auto& name : option->get_snames()) {
            one.names.push_back("-" + name);
        }
        for (const auto& name : option->get_lnames()) {
            one.names.push_back("--" + name);
        }
        node.with_value.push_back(std::move(one));
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

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) {
        out += (out.empty() ? "" : " ") + word;
    }
    return out;
}

// What a shell runs for words that only the configuration knows.
std::string asking_for(const std::string& source) {
    return std::string("llmgw ") + words_command + " " + source + " 2>/dev/null";
}

// "' ask -m'|' ask --model'": a pattern of bash and zsh for the option at its place.
std::string pattern(const Node& node, const ValueOption& option) {
    std::string out;
    for (const auto& name : option.names) {
        out += (out.empty() ? "'" : "|'") + node.place() + " " + name + "'";
    }
    return out;
}

// Of all options of which nothing is known.
std::string unknown_pattern(const std::vector<Node>& nodes) {
    std::string out;
    for (const auto& node : nodes) {
        for (const auto& option : node.with_value) {
            if (option.values.form != Form::unknown) { continue; }
            out += (out.empty() ? "" : "|") + pattern(node, option);
        }
    }
    return out;
}

// Inside double quotes.
std::string bash_words(const CompletionValues& values) {
    return values.source.empty() ? joined(values.words) : "$(" + asking_for(values.source) + ")";
}

std::string bash(const std::vector<Node>& nodes) {
    std::ostringstream out;
    out << "# bash completion for llmgw; printed by `llmgw completions bash`\n"
           "_llmgw() {\n"
           "    local cur prev path word words head=''\n"
           "    cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
           "    prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
           "    # --option=value comes in three words.\n"
           "    if [ \"$cur\" = '=' ]; then\n"
           "        cur=''\n"
           "    elif [ \"$prev\" = '=' ]; then\n"
           "        prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
           "    fi\n"
           "    path=\"\"\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$path $word\" in\n";
    for (const auto& node : nodes) {
        if (!node.path.empty()) { out << "            '" << node.place() << "') path='" << node.place() << "' ;;\n"; }
    }
    out << "        esac\n"
           "    done\n"
           "    case \"$path $prev\" in\n";
    for (const auto& node : nodes) {
        for (const auto& option : node.with_value) {
            if (option.values.form == Form::unknown) { continue; }
            out << "        " << pattern(node, option) << ") words=\"" << bash_words(option.values) << '"';
            if (option.values.form == Form::list) { out << "; case \"$cur\" in *,*) head=\"${cur%,*},\" ;; esac"; }
            out << " ;;\n";
        }
    }
    out << "        " << unknown_pattern(nodes)
        << ") words='' ;;\n"
           "        *) case \"$path\" in\n";
    for (const auto& node : nodes) {
        out << "            '" << node.place() << "') words=\"";
        for (const auto& values : node.arguments) {
            out << bash_words(values) << ' ';
        }
        for (const auto* list : {&node.words, &node.options}) {
            for (const auto& [word, description] : *list) {
                out << word << ' ';
            }
        }
        out << "\" ;;\n";
    }
    out << "        esac ;;\n"
           "    esac\n"
           "    COMPREPLY=($(compgen -P \"$head\" -W \"$words\" -- \"${cur#\"$head\"}\"))\n"
           "    [ -n \"${COMPREPLY[*]}\" ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
           "    case \"${COMPREPLY[0]}\" in *=|*:) compopt -o nospace 2>/dev/null ;; esac\n"
           "}\n"
           "complete -F _llmgw llmgw\n";
    return out.str();
}

std::string zsh_words(const CompletionValues& values) {
    const auto words = values.source.empty() ? joined(values.words) : "${(f)\"$(" + asking_for(values.source) + ")\"}";
    const std::string list = values.form == Form::list ? "compset -P '*,'; " : "";
    return list + (values.form == Form::name ? "compadd -S '' -- " : "compadd -- ") + words;
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
        if (!node.path.empty()) { out << "            '" << node.place() << "') place='" << node.place() << "' ;;\n"; }
    }
    out << "        esac\n"
           "    done\n"
           "    case \"$place ${words[CURRENT-1]}\" in\n";
    for (const auto& node : nodes) {
        for (const auto& option : node.with_value) {
            if (option.values.form == Form::unknown) { continue; }
            out << "        " << pattern(node, option) << ") " << zsh_words(option.values) << "; return ;;\n";
        }
    }
    out << "        " << unknown_pattern(nodes)
        << ") _files; return ;;\n"
           "    esac\n"
           "    local -a choices\n"
           "    case \"$place\" in\n";
    for (const auto& node : nodes) {
        out << "        '" << node.place() << "') ";
        for (const auto& values : node.arguments) {
            out << zsh_words(values) << "; ";
        }
        out << "choices=(";
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

std::string fish_words(const CompletionValues& values) {
    return values.source.empty() ? "'" + joined(values.words) + "'" : "'(" + asking_for(values.source) + ")'";
}

// How the value of an option is completed; "" for an option without one.
std::string fish_value(const Node& node, const std::string& option) {
    for (const auto& one : node.with_value) {
        if (one.names.back() != option) { continue; }
        const bool is_short = one.names.front().size() == 2;
        const std::string also = is_short ? " -s " + one.names.front().substr(1) : "";
        return also + (one.values.form == Form::unknown ? " -r" : " -x -a " + fish_words(one.values));
    }
    return "";
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
            out << "            case '" << node.place() << "'\n                set path '" << node.place() << "'\n";
        }
    }
    out << "        end\n"
           "    end\n"
           "    test \"$path\" = \"$argv[1]\"\n"
           "end\n";
    for (const auto& node : nodes) {
        const std::string begin = "complete -c llmgw -n '__llmgw_path \"" + node.place() + "\"'";
        for (const auto& values : node.arguments) {
            out << begin << " -f -a " << fish_words(values) << "\n";
        }
        for (const auto& [word, description] : node.words) {
            out << begin << " -f -a " << word << " -d '" << plain(description) << "'\n";
        }
        for (const auto& [option, description] : node.options) {
            out << begin << " -l " << option.substr(2) << fish_value(node, option) << " -d '" << plain(description)
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
