// Takes <think>...</think> at the beginning of a text apart from what follows, in pieces as they come.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmgw::wire::chat {

struct ThoughtOrText {
    bool thought = false;
    std::string text;
};

class ThinkSplitter {
public:
    // What can be told apart by now. Only a tag at the very beginning counts (after white space).
    std::vector<ThoughtOrText> feed(std::string_view piece);
    // The end: what was held back because it could have been a tag.
    std::vector<ThoughtOrText> finish();

private:
    enum class State { before, thinking, after_tag, text };
    bool step(std::vector<ThoughtOrText>& out);

    State state_ = State::before;
    std::string held_;
};

}  // namespace llmgw::wire::chat
