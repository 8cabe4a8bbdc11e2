// Single calls out of the log, as they are stored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/usage/report.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// A column's value; monostate is NULL: not known.
using LogValue = std::variant<std::monostate, std::int64_t, std::string>;

// A row of calls or attempts: columns by name, in the table's order.
struct LogRow {
    std::vector<std::pair<std::string, LogValue>> columns;
    // Of a call that newest_calls() gave: what was tried in vain before, in order, with its number, provider, model,
    // http_status, error_class and cost_nano.
    std::vector<LogRow> failed_attempts;

    // "" and 0 for what is not there or not known.
    std::string text(std::string_view column) const;
    std::int64_t integer(std::string_view column) const;
    bool is_null(std::string_view column) const;
};

// The newest `count` calls that match (`by` is ignored, times are exact), the newest last. A call matches a provider,
// model, error or status also by an attempt that failed before its last one; of several such conditions one attempt
// meets all, or the call itself does. not_found: there is no log.
Result<std::vector<LogRow>> newest_calls(const std::string& database_path, const ReportQuery& choice,
                                         std::int64_t count);

struct WholeCall {
    LogRow call;
    std::vector<LogRow> attempts;  // in the order they were made
};

// The call whose id begins with `id_prefix`. not_found when there is none; usage when there are several, which the
// message names.
Result<WholeCall> find_call(const std::string& database_path, std::string_view id_prefix);

}  // namespace llmgw
