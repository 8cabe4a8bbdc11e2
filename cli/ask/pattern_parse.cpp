#include <algorithm>
#include <optional>

#include "cli/ask/pattern.hpp"

namespace llmgw {
namespace {

constexpr std::size_t steps_max = 20'000;
constexpr int repeat_max = 1000;
constexpr int depth_max = 100;
constexpr char32_t last_character = 0x10ffff;

}  // namespace

// Recursive descent; writes the program as it reads. A repeated piece is copied, its jumps moved along.
class PatternParser {
public:
    explicit PatternParser(std::string_view text) : text_(Pattern::characters(text)) {}

    Result<Pattern> parse() {
        alternatives(0);
        if (!error_ && at_ < text_.size()) { complain("has an unmatched )"); }
        if (error_) { return std::unexpected(*error_); }
        emit({Pattern::Op::match, 0, 0});
        return std::move(out_);
    }

private:
    using Op = Pattern::Op;
    using Set = Pattern::Set;

    void complain(std::string what) {
        if (!error_) { error_ = Error{ErrorKind::bad_request, std::move(what)}; }
    }
    void decline(std::string what) {
        if (!error_) { error_ = Error{ErrorKind::unavailable, std::move(what)}; }
    }
    bool more() const { return !error_ && at_ < text_.size(); }
    char32_t peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }
    bool take(char32_t c) {
        if (!more() || text_[at_] != c) { return false; }
        ++at_;
        return true;
    }
    std::uint32_t here() const { return static_cast<std::uint32_t>(out_.program_.size()); }
    std::uint32_t emit(Pattern::Step step) {
        if (out_.program_.size() >= steps_max) { decline("is larger than llmgw follows"); }
        out_.program_.push_back(step);
        return here() - 1;
    }
    void emit_set(Set set) {
        out_.sets_.push_back(std::move(set));
        emit({Op::one, static_cast<std::uint32_t>(out_.sets_.size() - 1), 0});
    }

    void alternatives(int depth) {
        if (depth > depth_max) { return decline("is nested deeper than llmgw follows"); }
        std::vector<std::uint32_t> ends;
        for (;;) {
            const bool last = !has_alternative();
            const auto split = last ? 0 : emit({Op::split, here() + 1, 0});
            while (more() && peek() != '|' && peek() != ')') {
                repeated(depth);
            }
            if (last || error_) { break; }
            ends.push_back(emit({Op::jump, 0, 0}));
            out_.program_[split].b = here();
            take('|');
        }
        for (const auto end : ends) {
            out_.program_[end].a = here();
        }
    }

    // Whether another alternative follows at this level: looked for by skipping groups, classes and escapes.
    bool has_alternative() const {
        int open = 0;
        bool in_class = false;
        for (auto i = at_; i < text_.size(); ++i) {
            const auto c = text_[i];
            if (c == '\\') {
                ++i;
            } else if (in_class) {
                in_class = c != ']';
            } else if (c == '[') {
                in_class = true;
            } else if (c == '(') {
                ++open;
            } else if (c == ')') {
                if (open-- == 0) { return false; }
            } else if (c == '|' && open == 0) {
                return true;
            }
        }
        return false;
    }

    struct Times {
        int least = 1;
        int most = 1;  // -1: no end
    };

    std::optional<int> number() {
        if (peek() < '0' || peek() > '9') { return std::nullopt; }
        int value = 0;
        while (peek() >= '0' && peek() <= '9') {
            value = std::min(value * 10 + static_cast<int>(peek() - '0'), repeat_max + 1);
            ++at_;
        }
        return value;
    }

    Times quantifier() {
        Times times;
        if (take('*')) {
            times = {0, -1};
        } else if (take('+')) {
            times = {1, -1};
        } else if (take('?')) {
            times = {0, 1};
        } else if (peek() == '{') {
            const auto begin = at_++;
            const auto least = number();
            times.least = least.value_or(0);
            times.most = times.least;
            if (take(',')) { times.most = number().value_or(-1); }
            if (!least || !take('}')) {
                at_ = begin;  // a plain brace, as ECMA-262's annex B reads it
                return {};
            }
            if (times.most >= 0 && times.most < times.least) { complain("has a {m,n} with n below m"); }
            if (times.least > repeat_max || times.most > repeat_max) { decline("repeats more than 1000 times"); }
        } else {
            return times;
        }
        take('?');  // lazy: the same language
        return times;
    }

    void repeated(int depth) {
        const auto begin = here();
        atom(depth);
        const auto times = quantifier();
        if (error_ || (times.least == 1 && times.most == 1)) { return; }
        const std::vector<Pattern::Step> piece(out_.program_.begin() + begin, out_.program_.end());
        out_.program_.resize(begin);
        const auto again = [&] {
            const auto moved = here() - begin;
            for (auto step : piece) {
                if (step.op == Op::split || step.op == Op::jump) { step.a += moved; }
                if (step.op == Op::split) { step.b += moved; }
                if (error_) { return; }
                emit(step);
            }
        };
        for (int i = 0; i < times.least && !error_; ++i) {
            again();
        }
        if (times.most < 0) {
            const auto split = emit({Op::split, here() + 1, 0});
            again();
            emit({Op::jump, split, 0});
            out_.program_[split].b = here();
        }
        std::vector<std::uint32_t> exits;
        for (int i = times.least; i < times.most && !error_; ++i) {
            exits.push_back(emit({Op::split, here() + 1, 0}));
            again();
        }
        for (const auto exit : exits) {
            out_.program_[exit].b = here();
        }
    }

    void atom(int depth) {
        const auto c = text_[at_++];
        switch (c) {
            case '.': return emit_set({{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}, true});
            case '^': emit({Op::start, 0, 0}); return;
            case '$': emit({Op::end, 0, 0}); return;
            case '[': return character_class();
            case '(': return group(depth);
            case '\\': return escape();
            case '*':
            case '+':
            case '?': return complain("has nothing to repeat before a *, + or ?");
            default: return emit_set({{{c, c}}, false});
        }
    }

    void group(int depth) {
        if (take('?')) {
            if (peek() == '<' && peek(1) != '=' && peek(1) != '!') {
                while (more() && !take('>')) {
                    ++at_;
                }
            } else if (!take(':')) {
                return decline("uses look-around, which llmgw does not follow");
            }
        }
        alternatives(depth + 1);
        if (!take(')')) { complain("has a group that is not closed"); }
    }

    static Set named_set(char32_t name) {
        switch (name) {
            case 'd': return {{{'0', '9'}}, false};
            case 'w': return {{{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}}, false};
            default:
                return {{{'\t', '\r'},
                         {' ', ' '},
                         {0xa0, 0xa0},
                         {0x1680, 0x1680},
                         {0x2000, 0x200a},
                         {0x2028, 0x2029},
                         {0x202f, 0x202f},
                         {0x205f, 0x205f},
                         {0x3000, 0x3000},
                         {0xfeff, 0xfeff}},
                        false};
        }
    }

    static Set opposite(Set set) {
        std::sort(set.ranges.begin(), set.ranges.end());
        Set out;
        char32_t next = 0;
        for (const auto& [first, last] : set.ranges) {
            if (first > next) { out.ranges.emplace_back(next, first - 1); }
            next = last + 1;
        }
        out.ranges.emplace_back(next, last_character);
        return out;
    }

    // \d and the like, after the backslash; nullopt for every other escape.
    std::optional<Set> class_escape() {
        switch (peek()) {
            case 'd':
            case 'w':
            case 's': return named_set(text_[at_++]);
            case 'D':
            case 'W':
            case 'S': return opposite(named_set(text_[at_++] + ('a' - 'A')));
            default: return std::nullopt;
        }
    }

    char32_t hex(std::size_t digits) {
        char32_t value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const auto c = peek();
            const int digit = c >= '0' && c <= '9'   ? static_cast<int>(c - '0')
                              : c >= 'a' && c <= 'f' ? static_cast<int>(c - 'a') + 10
                              : c >= 'A' && c <= 'F' ? static_cast<int>(c - 'A') + 10
                                                     : -1;
            if (digit < 0) {
                complain("has a \\x or \\u without its hexadecimal digits");
                return 0;
            }
            value = value * 16 + static_cast<char32_t>(digit);
            ++at_;
        }
        return value;
    }

    // One character, after the backslash.
    char32_t character_escape() {
        if (!more()) {
            complain("ends in a backslash");
            return 0;
        }
        const auto c = text_[at_++];
        switch (c) {
            case 't': return '\t';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'v': return '\v';
            case '0': return 0;
            case 'x': return hex(2);
            case 'u': {
                if (!take('{')) { return hex(4); }
                char32_t value = 0;
                while (more() && peek() != '}') {
                    value = value * 16 + hex(1);
                }
                if (!take('}')) { complain("has a \\u{ that is not closed"); }
                return value;
            }
            case 'p':
            case 'P': decline("uses \\p{...}, which llmgw does not follow"); return 0;
            case 'k': decline("uses a back-reference, which llmgw does not follow"); return 0;
            default:
                if (c >= '1' && c <= '9') { decline("uses a back-reference, which llmgw does not follow"); }
                return c;
        }
    }

    void escape() {
        if (take('b')) {
            emit({Op::word_edge, 0, 0});
            return;
        }
        if (take('B')) {
            emit({Op::no_word_edge, 0, 0});
            return;
        }
        if (auto set = class_escape()) { return emit_set(std::move(*set)); }
        const auto c = character_escape();
        emit_set({{{c, c}}, false});
    }

    void character_class() {
        Set set;
        set.negated = take('^');
        while (more() && peek() != ']') {
            if (take('\\')) {
                if (auto named = class_escape()) {
                    set.ranges.insert(set.ranges.end(), named->ranges.begin(), named->ranges.end());
                    continue;
                }
                at_ -= 1;
            }
            const auto first = class_character();
            auto last = first;
            if (peek() == '-' && peek(1) != ']' && peek(1) != 0) {
                ++at_;
                last = class_character();
                if (last < first) { complain("has a range that runs backwards"); }
            }
            set.ranges.emplace_back(first, last);
        }
        if (!take(']')) { complain("has a [ that is not closed"); }
        emit_set(std::move(set));
    }

    char32_t class_character() {
        if (!take('\\')) { return more() ? text_[at_++] : 0; }
        if (take('b')) { return '\b'; }
        return character_escape();
    }

    std::u32string text_;
    std::size_t at_ = 0;
    Pattern out_;
    std::optional<Error> error_;
};

Result<Pattern> Pattern::parse(std::string_view text) {
    return PatternParser(text).parse();
}

}  // namespace llmgw
