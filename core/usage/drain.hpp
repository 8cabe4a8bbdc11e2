// Bringing what the journal holds of processes that are gone (or of rows there was no memory for) into the
// database. Draining twice changes nothing: calls are known by their id.
#pragma once

#include <string>

#include "core/store/usage_store.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct Drained {
    int calls = 0;       // new in the database
    int unreadable = 0;  // lines that hold no whole record: torn ends
    int newer = 0;       // segments of a newer llmgw, left for that one

    Drained& operator+=(const Drained& other) {
        calls += other.calls;
        unreadable += other.unreadable;
        newer += other.newer;
        return *this;
    }
};

std::string database_path(const std::string& data_dir);
std::string journal_path(const std::string& data_dir);

// Drains one segment and removes it. One that a living process holds, or that has gone, gives nothing.
Result<Drained> drain_segment(const std::string& path, UsageStore& store);

// Drains all segments that no living process holds. For those that one holds, waits a moment until it has
// committed what is in them, so that a report sees every call that was answered before it began; what is not
// committed by then is copied. The database is opened (and made) only when there is something to do.
Result<Drained> drain_journal(const std::string& data_dir);

}  // namespace llmgw
