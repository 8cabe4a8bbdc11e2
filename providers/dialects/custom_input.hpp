// A custom (freeform) tool towards a provider that knows only functions: a function with one string property, `input`.
// And its calls back: what the tool wants is the inside of that string, piece by piece as it streams.
#pragma once

#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

// The tool as a function: its name, its description with the grammar said in words, and the schema of `input`.
Tool bridged_tool(const Tool& custom);

// {"input": TEXT}: a custom call's input as a function's arguments.
JsonText bridged_arguments(std::string_view input);

// Reads {"input": "..."} cut anywhere and gives the string's text as soon as it is there.
class BridgedInput {
public:
    // What this piece of the arguments adds to the input; often "".
    std::string feed(std::string_view piece);
    // The arguments are over. What was held back: all of them, when they are no object with a string `input` (models
    // forget the wrapping); nothing for an empty object.
    std::string finish();

private:
    bool find_value();
    std::string unescape(std::string_view text);
    void put_unit(unsigned unit, std::string& out);

    enum class State { searching, inside, escape, unicode, over };
    State state_ = State::searching;
    std::string held_;        // while searching: all that came; in \uXXXX: its digits so far
    unsigned surrogate_ = 0;  // the first half of a pair, when the second is due
};

}  // namespace llmgw::wire
