// A custom tool is bridged to a function with one argument, `input`. Takes that input out of the function's arguments
// while they come: nothing is held back but the beginning of the object and a cut escape.
#pragma once

#include <string>
#include <string_view>

namespace llmgw::wire::chat {

class BridgedInput {
public:
    // What of the input is known by this piece of the arguments.
    std::string feed(std::string_view piece);
    // The arguments are over. What was held back: all of them, where they are not what the tool's schema asks for.
    std::string finish();

private:
    enum class State { before, inside, after, odd };
    bool find_beginning();
    void take_inside(std::string_view piece, std::string& out);

    State state_ = State::before;
    std::string held_;    // before and odd: all that came
    std::string escape_;  // inside: a cut escape, or a high surrogate that waits for its other half
};

}  // namespace llmgw::wire::chat
