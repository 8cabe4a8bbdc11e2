// The answer to a question about usage, before it is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/usage/question.hpp"

namespace llmgw {

struct AnswerRow {
    std::vector<std::string> keys;  // one for each dimension; of the rows left out, none
    ReportSums sums;
    ReportSums previous = {};  // of the period compared with
};

struct DayCost {
    std::string day;
    std::int64_t cost_nano = 0;
};

struct UsageAnswer {
    std::vector<AnswerRow> rows;
    std::optional<AnswerRow> other;  // what --top left out, summed
    std::size_t other_rows = 0;
    ReportSums total;
    ReportSums previous_total;
    std::set<std::string> unpriced_models;
    std::vector<DayCost> days;  // without gaps, the last is the newest; only where asked for
};

// not_found when there is no log. `with_days`: also the last days' costs, for a terminal.
Result<UsageAnswer> answer_question(const std::string& database_path, const Question& asked, bool with_days,
                                    std::int64_t now_ms);

}  // namespace llmgw
