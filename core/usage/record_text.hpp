// A finished call as one line of text, for the journal: compact JSON, fields of row_fields.hpp that are not
// empty, `{"v":1,"call":{...},"attempts":[{...}]}` and a newline.
#pragma once

#include <string>
#include <string_view>

#include "core/usage/row.hpp"

namespace llmgw {

// Appends the line to `out`. Bytes that are not UTF-8 become U+FFFD.
void append_record(const CallRecord& record, std::string& out);

enum class RecordRead {
    ok,
    torn,   // no whole record: the process or the disk ended in the middle of the line
    newer,  // written by a later llmgw: leave it for that one
};

// Reads a line, with or without its newline. A line whose first part is torn and that a later record was
// appended to (a full disk does that) gives the later record.
RecordRead read_record(std::string_view line, CallRecord& record);

// The billed passes of a call as a JSON array, "" for none. This is the `iterations` column.
std::string iterations_text(const std::vector<UsageIteration>& iterations);

}  // namespace llmgw
