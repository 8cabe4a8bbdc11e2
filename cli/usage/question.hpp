// What was typed after `llmgw usage`, and what it asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/usage/period.hpp"
#include "core/usage/report.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct UsageArguments {
    std::string by = "feature";
    std::string since = {};  // "" from the log's beginning
    std::string until = {};  // "" up to now
    std::vector<std::string> where = {};
    std::string format = {};  // "" is table, or json where `json` is set
    bool json = false;
    std::string top = {};      // "" all rows
    std::string compare = {};  // "" or previous
    bool strict = false;
};

enum class UsageFormat { table, json, csv, markdown };

struct Question {
    ReportQuery query;
    std::optional<std::int64_t> since_ms;  // as asked, in whole quarters of an hour
    std::optional<std::int64_t> until_ms;
    UsageFormat format = UsageFormat::table;
    std::optional<std::int64_t> top;
    std::optional<Period> previous;  // to be compared with
};

// Errors: usage.
Result<Question> parse_question(const UsageArguments& arguments, std::int64_t now_ms);

// The part of a question that `llmgw logs` shares: --since, --until and --where.
Result<ReportQuery> parse_choice(const std::string& since, const std::string& until,
                                 const std::vector<std::string>& where, std::int64_t now_ms);

// A positive whole number that was given for `option`.
Result<std::int64_t> parse_count(const std::string& option, const std::string& text);

}  // namespace llmgw
