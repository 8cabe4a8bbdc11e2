// What a name tells of a model in Ollama's library. Other names are their owners'.
#pragma once

#include <string_view>

namespace llmgw::wire::ollama {

// How a model is told to think. Ollama refuses `think: true` for one that cannot, and servers of 2025 refuse a level
// for all but gpt-oss; what is left unsaid is on where a model can.
enum class ThinkSwitch {
    unknown,  // to be left alone
    on_off,
    levels,  // low, medium, high; it cannot be switched off
};

ThinkSwitch think_switch(std::string_view model);

}  // namespace llmgw::wire::ollama
