#include "cli/ask/pattern.hpp"

#include <algorithm>

#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

bool is_word(char32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::u32string Pattern::characters(std::string_view text) {
    std::u32string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length(text, at);
        if (length <= 1) {
            out += length == 1 ? static_cast<char32_t>(text[at]) : char32_t{0xfffd};
            ++at;
            continue;
        }
        auto value = static_cast<char32_t>(static_cast<unsigned char>(text[at]) & (0x7fU >> length));
        for (std::size_t i = 1; i < length; ++i) {
            value = (value << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
        }
        out += value;
        at += length;
    }
    return out;
}

bool Pattern::Set::holds(char32_t c) const {
    const bool in = std::any_of(ranges.begin(), ranges.end(),
                                [c](const auto& range) { return range.first <= c && c <= range.second; });
    return in != negated;
}

bool Pattern::found_in(std::string_view text) const {
    const auto all = characters(text);
    std::vector<std::uint32_t> now;
    std::vector<std::uint32_t> next;
    std::vector<std::size_t> seen(program_.size(), 0);  // at which position + 1 a step was last reached
    std::vector<std::uint32_t> todo;
    for (std::size_t at = 0;; ++at) {
        const bool before = at > 0 && is_word(all[at - 1]);
        const bool after = at < all.size() && is_word(all[at]);
        // It may begin at any place.
        now.push_back(0);
        next.clear();
        todo.assign(now.rbegin(), now.rend());
        while (!todo.empty()) {
            const auto index = todo.back();
            todo.pop_back();
            if (seen[index] == at + 1) { continue; }
            seen[index] = at + 1;
            const auto& step = program_[index];
            switch (step.op) {
                case Op::match: return true;
                case Op::one:
                    if (at < all.size() && sets_[step.a].holds(all[at])) { next.push_back(index + 1); }
                    break;
                case Op::jump: todo.push_back(step.a); break;
                case Op::split:
                    todo.push_back(step.b);
                    todo.push_back(step.a);
                    break;
                case Op::start:
                    if (at == 0) { todo.push_back(index + 1); }
                    break;
                case Op::end:
                    if (at == all.size()) { todo.push_back(index + 1); }
                    break;
                case Op::word_edge:
                    if (before != after) { todo.push_back(index + 1); }
                    break;
                case Op::no_word_edge:
                    if (before == after) { todo.push_back(index + 1); }
                    break;
            }
        }
        if (at == all.size()) { return false; }
        now = next;
    }
}

}  // namespace llmgw
