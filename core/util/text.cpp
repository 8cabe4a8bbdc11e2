#include "core/util/text.hpp"

#include <algorithm>
#include <vector>

namespace llmgw {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the usual matrix: a swap of neighbours looks back two.
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        above[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> names) {
    // Very long words are no typing mistakes, and the matrix grows with them.
    if (word.empty() || word.size() > 64) { return {}; }
    const std::string wanted = lower(word);
    // One slip in a short word, two in a middling one, three in a long one.
    const std::size_t limit = wanted.size() <= 3 ? 1 : wanted.size() <= 7 ? 2 : 3;
    std::string_view best;
    std::size_t best_distance = limit + 1;
    for (const auto name : names) {
        const auto distance = edit_distance(wanted, lower(name));
        if (distance < best_distance) {
            best = name;
            best_distance = distance;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> names) {
    const auto name = nearest(word, names);
    return name.empty() ? std::string() : "; did you mean \"" + std::string(name) + "\"?";
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const auto begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) { return {}; }
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) {
        if (c >= 'A' && c <= 'Z') { c = static_cast<char>(c + ('a' - 'A')); }
    }
    return out;
}

std::string one_of(std::span<const std::string_view> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) { out += i + 1 == names.size() ? " or " : ", "; }
        out += names[i];
    }
    return out;
}

}  // namespace llmgw
