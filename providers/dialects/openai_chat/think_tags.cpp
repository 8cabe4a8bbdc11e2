#include "providers/dialects/openai_chat/think_tags.hpp"

#include <algorithm>

namespace llmgw::wire::chat {

namespace {

constexpr std::string_view open_tag = "<think>";
constexpr std::string_view close_tag = "</think>";
constexpr std::string_view white = " \t\r\n";

// How many bytes at the end of `text` could be the beginning of `tag`.
std::size_t begun(std::string_view text, std::string_view tag) {
    for (std::size_t size = std::min(text.size(), tag.size() - 1); size > 0; --size) {
        if (text.ends_with(tag.substr(0, size))) { return size; }
    }
    return 0;
}

}  // namespace

std::vector<ThoughtOrText> ThinkSplitter::feed(std::string_view piece) {
    std::vector<ThoughtOrText> out;
    held_ += piece;
    while (step(out)) {}
    return out;
}

// One move; false when more must be heard first.
bool ThinkSplitter::step(std::vector<ThoughtOrText>& out) {
    const auto say = [&](bool thought, std::size_t size) {
        if (size > 0) { out.push_back({thought, held_.substr(0, size)}); }
        held_.erase(0, size);
    };
    if (state_ == State::before) {
        const auto first = held_.find_first_not_of(white);
        if (first == std::string::npos) { return false; }
        const std::string_view rest = std::string_view(held_).substr(first);
        if (rest.starts_with(open_tag)) {
            held_.erase(0, first + open_tag.size());
            state_ = State::thinking;
            return true;
        }
        if (open_tag.starts_with(rest)) { return false; }
        state_ = State::text;
        return true;
    }
    if (state_ == State::thinking) {
        const auto close = held_.find(close_tag);
        if (close == std::string::npos) {
            say(true, held_.size() - begun(held_, close_tag));
            return false;
        }
        say(true, close);
        held_.erase(0, close_tag.size());
        state_ = State::after_tag;
        return true;
    }
    if (state_ == State::after_tag) {
        // The line ends between the tag and the text belong to neither.
        held_.erase(0, std::min(held_.find_first_not_of(white), held_.size()));
        if (held_.empty()) { return false; }
        state_ = State::text;
        return true;
    }
    say(false, held_.size());
    return false;
}

std::vector<ThoughtOrText> ThinkSplitter::finish() {
    std::vector<ThoughtOrText> out;
    if (!held_.empty() && state_ != State::after_tag) { out.push_back({state_ == State::thinking, held_}); }
    held_.clear();
    return out;
}

}  // namespace llmgw::wire::chat
