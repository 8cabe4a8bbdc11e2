#include "providers/prices/table.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <tuple>
#include <utility>

namespace llmgw {
namespace {

// The file is one raw string literal: it is read by the compiler as it is, so there is no second copy to go stale.
constexpr std::string_view builtin_text =
#include "providers/prices/table.tsv"
    ;

enum Column {
    provider,
    model,
    variant,
    threshold,
    first_price,
    us_percent = first_price + 9,
    source,
    date,
    column_count
};

// In the order of the table's columns.
constexpr std::array<std::int64_t PriceLine::*, 9> price_columns = {
    &PriceLine::input,          &PriceLine::output,         &PriceLine::cache_read,
    &PriceLine::cache_write_5m, &PriceLine::cache_write_1h, &PriceLine::reasoning,
    &PriceLine::audio_input,    &PriceLine::audio_output,   &PriceLine::web_search_pico};

using Cells = std::array<std::string_view, column_count>;

auto key_of(const PriceLine& line) {
    return std::tie(line.provider, line.model, line.variant, line.threshold);
}

bool split(std::string_view line, Cells& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto tab = line.find('\t');
        if ((tab == std::string_view::npos) != (i + 1 == cells.size())) { return false; }
        cells[i] = line.substr(0, tab);
        if (tab != std::string_view::npos) { line.remove_prefix(tab + 1); }
    }
    return true;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
    const auto pico = parse_dollars(text);
    if (!pico || text.find('.') != std::string_view::npos) { return std::nullopt; }
    return *pico / 1'000'000'000'000;
}

// What is wrong with the line, or "".
std::string_view read_line(std::string_view text, PriceLine& line) {
    Cells cells;
    if (!split(text, cells)) {
        return "expected 5 to 16 columns with tabs between them: provider, model, variant, threshold, input, ...";
    }
    line.provider = cells[provider];
    line.model = cells[model];
    line.variant = cells[variant];
    line.source = cells[source];
    line.date = cells[date];
    if (line.provider.empty() || line.model.empty()) { return "provider and model must not be empty"; }
    const auto tokens = parse_whole(cells[threshold]);
    const auto percent = parse_whole(cells[us_percent]);
    if (!tokens) { return "the threshold is not a number of tokens"; }
    if (!percent) { return "us_percent is not a whole number"; }
    line.threshold = *tokens;
    line.us_percent = *percent;
    for (std::size_t i = 0; i < price_columns.size(); ++i) {
        const auto cell = cells[first_price + i];
        if (cell.empty()) { continue; }
        const auto price = parse_dollars(cell);
        if (!price) { return "a price is not a plain decimal number of dollars"; }
        line.*price_columns[i] = *price;
    }
    return {};
}

}  // namespace

std::optional<std::int64_t> parse_dollars(std::string_view text) {
    constexpr int places = 12;
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    if (whole.empty() || fraction.size() > places || (point != std::string_view::npos && fraction.empty())) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    const auto push = [&value](char c) {
        if (c < '0' || c > '9') { return false; }
        if (value > (std::numeric_limits<std::int64_t>::max() - (c - '0')) / 10) { return false; }
        value = value * 10 + (c - '0');
        return true;
    };
    if (!std::ranges::all_of(whole, push) || !std::ranges::all_of(fraction, push)) { return std::nullopt; }
    for (auto i = fraction.size(); i < places; ++i) {
        if (!push('0')) { return std::nullopt; }
    }
    return value;
}

Result<std::vector<PriceLine>> parse_price_table(std::string_view text) {
    std::vector<PriceLine> lines;
    lines.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (one.empty() || one.front() == '#') { continue; }
        PriceLine line;
        if (const auto wrong = read_line(one, line); !wrong.empty()) {
            return fail(ErrorKind::config, "price table, line " + std::to_string(number) + ": " + std::string(wrong));
        }
        lines.push_back(line);
    }
    const auto less = [](const PriceLine& a, const PriceLine& b) { return key_of(a) < key_of(b); };
    if (!std::ranges::is_sorted(lines, less)) { std::ranges::sort(lines, less); }
    const auto twice = std::ranges::adjacent_find(
        lines, [](const PriceLine& a, const PriceLine& b) { return key_of(a) == key_of(b); });
    if (twice != lines.end()) {
        return fail(ErrorKind::config, "price table: " + std::string(twice->provider) + " " +
                                           std::string(twice->model) + " is given twice for one tier and threshold");
    }
    return lines;
}

std::span<const PriceLine> builtin_prices() {
    static const std::vector<PriceLine> lines = [] {
        auto parsed = parse_price_table(builtin_text);
        assert(parsed);  // a unit test reads the same text
        return parsed ? *std::move(parsed) : std::vector<PriceLine>{};
    }();
    return lines;
}

}  // namespace llmgw
