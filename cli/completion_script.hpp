// Shell completions printed from the command tree, so that they cannot know less than the parser.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace llmgw {

// `shell`: bash, zsh or fish.
std::string completion_script(const CLI::App& root, std::string_view shell);

}  // namespace llmgw
