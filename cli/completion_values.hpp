// What may stand behind an option, or in an argument's place: for completions.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class Option;
}

namespace llmgw {

// The hidden command that prints words that only the configuration knows, one a line.
inline constexpr const char* words_command = "internal-words";

struct CompletionValues {
    enum class Form {
        unknown,  // any text; perhaps a file
        one,
        list,  // several of them with commas between
        name,  // NAME=, and then any text
    };
    Form form = Form::unknown;
    std::vector<std::string> words;
    std::string source;  // not empty: the words are what words_command prints for this
};

// For an option that takes a value, or an argument.
CompletionValues completion_values(const CLI::Option& option);

}  // namespace llmgw
