// Regular expressions of JSON Schema's "pattern" (ECMA-262, the part that describes a regular language). The text comes
// from a model, so matching must take time linear in it: all states are followed at once, nothing backtracks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/util/result.hpp"

namespace llmgw {

class Pattern {
public:
    // Literals, ".", classes, \d \w \s \b and their opposites, \t \n \r \f \v \0 \xHH \uHHHH \u{...}, groups,
    // alternatives, ^ $, and * + ? {m,n} with their lazy forms.
    // ErrorKind::bad_request: not valid. ErrorKind::unavailable: valid, but not in this subset (look-around,
    // back-references, \p{...}), or larger than its bound.
    static Result<Pattern> parse(std::string_view text);

    // Whether it matches anywhere in the text, as JSON Schema wants it. Characters are code points.
    bool found_in(std::string_view text) const;

private:
    friend class PatternParser;

    struct Set {
        std::vector<std::pair<char32_t, char32_t>> ranges;
        bool negated = false;
        bool holds(char32_t c) const;
    };
    enum class Op : std::uint8_t { one, split, jump, start, end, word_edge, no_word_edge, match };
    struct Step {
        Op op = Op::match;
        std::uint32_t a = 0;  // one: the set; split and jump: where to
        std::uint32_t b = 0;  // split: where else to
    };

    // The text's code points; bytes that are not UTF-8 count as U+FFFD each.
    static std::u32string characters(std::string_view text);

    std::vector<Step> program_;
    std::vector<Set> sets_;
};

}  // namespace llmgw
