// The price lists llmgw comes with, and the text form they and a user's own list share: see table.tsv's head.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/usage/prices.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// The built-in table, sorted as Prices wants it. Parsed on the first call (about a millisecond), never at start-up;
// safe to call from any thread. Lives as long as the process.
std::span<const PriceLine> builtin_prices();

// The lines of a table's text, sorted. The lines point into `text`, which must outlive them. Lines that are empty
// or start with '#' are skipped. The error names the line: wrong number of columns, not a number, given twice.
Result<std::vector<PriceLine>> parse_price_table(std::string_view text);

// A decimal amount of dollars ("0.083333333333") as pico-dollars; so a price per million tokens becomes
// PicoPerMillion. nullopt when it is no plain decimal, has more than 12 decimal places, or is too large.
std::optional<std::int64_t> parse_dollars(std::string_view text);

}  // namespace llmgw
