#include "providers/dialects/ollama_chat/model_facts.hpp"

#include <algorithm>
#include <array>

#include "core/util/text.hpp"

namespace llmgw::wire::ollama {

namespace {

// https://docs.ollama.com/capabilities/thinking names these.
constexpr std::array<std::string_view, 3> thinking_families{"qwen3", "deepseek-r1", "deepseek-v3.1"};
// Tags of those families that do not.
constexpr std::array<std::string_view, 2> plain_words{"instruct", "coder"};

}  // namespace

ThinkSwitch think_switch(std::string_view model) {
    auto name = lower(model);
    // A name without a namespace is the library's own: not hf.co/someone/qwen3.
    if (name.starts_with("library/")) { name.erase(0, 8); }
    const auto family = name.substr(0, name.find(':'));
    if (family == "gpt-oss") { return ThinkSwitch::levels; }
    const bool plain =
        std::ranges::any_of(plain_words, [&](std::string_view word) { return name.find(word) != std::string::npos; });
    if (plain || std::ranges::find(thinking_families, family) == thinking_families.end()) {
        return ThinkSwitch::unknown;
    }
    return ThinkSwitch::on_off;
}

}  // namespace llmgw::wire::ollama
