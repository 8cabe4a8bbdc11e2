// An answer about usage as text, in four formats.
#pragma once

#include <string>
#include <string_view>

#include "cli/environment.hpp"
#include "cli/usage/answer.hpp"

namespace llmgw {

// For people: columns that fit the terminal, remarks below. Bars and a line of days on a terminal only.
std::string table_view(const UsageAnswer& answer, const Question& asked, const Environment& env);

// For programs. Costs are exact; what is not known is null (JSON) or an empty cell (CSV).
// CSV as in RFC 4180. It has no line for the total, so that a column can be summed up. A name that a spreadsheet would
// take for a formula begins with an apostrophe there.
// Neither prints control characters on a terminal.
std::string json_view(const UsageAnswer& answer, const Question& asked, bool terminal);
std::string csv_view(const UsageAnswer& answer, const Question& asked, bool terminal);

// A table of GitHub's kind.
std::string markdown_view(const UsageAnswer& answer, const Question& asked);

// --- what they share -----------------------------------------------------------------------------------------------

// "(none)" where a call has no value.
std::string shown_key(const std::string& key);
// "other (12 rows)", the first cell of what --top left out.
std::string other_name(const UsageAnswer& answer);
// "12.3 %" of per mille.
std::string percent_text(std::int64_t permille);
// "850 ms", "1.2 s", "2 min 05 s"
std::string duration_text(std::int64_t ms);
// "3 calls", or "3 calls and attempts" where failed attempts were counted, too.
std::string counted_text(std::int64_t count, const ReportSums& sums);
// How the cost changed: "+25 %", "-3 %", "=", "new", "gone", or "unknown".
std::string change_text(const ReportSums& now, const ReportSums& before);
// "12 unpriced, 1 estimated"
std::string notes_text(const ReportSums& sums);
// "3 calls (12,345 tokens) have no known price: model x, y", "" when all have.
std::string unpriced_text(const UsageAnswer& answer);
// What caching did, "" when nothing was read from a cache.
std::string caching_text(const ReportSums& sums);
// "unknown" where no call has a price.
std::string cost_text(const ReportSums& sums);
// "2026-11-01 00:00 to 2026-11-21 13:45"
std::string period_text(Period period);

}  // namespace llmgw
