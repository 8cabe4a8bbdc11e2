// The price lists in force: those llmgw comes with, and the user's own before them (`[prices] file`).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/usage/prices.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class PriceTable {
public:
    // The built-in lists alone.
    PriceTable();
    // With the file's lines; "" is no file. A model that the file has is priced by the file alone. The file is written
    // as providers/prices/table.tsv is, except that columns after input's may be left off at a line's end: a missing
    // us_percent is 100, a missing source "user", a missing date the day the file was changed. Errors: config, with
    // file and line.
    static Result<PriceTable> load(const std::string& path);

    std::span<const PriceLine> lines() const { return lines_; }

private:
    std::shared_ptr<const std::string> text_;  // what lines_ points into, besides the built-in text
    std::span<const PriceLine> lines_;
    std::shared_ptr<const std::vector<PriceLine>> merged_;
};

// The merge alone: every line of `own`, and those of `builtin` whose model `own` does not have. Both sorted.
std::vector<PriceLine> merge_price_lines(std::span<const PriceLine> builtin, std::span<const PriceLine> own);

// The text of a user's file with every line's missing columns filled in.
std::string complete_price_text(std::string_view text, std::string_view date);

}  // namespace llmgw
