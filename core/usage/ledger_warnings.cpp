#include "core/usage/ledger_warnings.hpp"

#include <utility>

namespace llmgw {

void LedgerWarnings::database_failed(const Error& error, const Journal& journal) {
    if (std::exchange(failure_told_, true)) { return; }
    const bool journaled = journal.state() == JournalState::ok;
    say(error.message + ". Calls wait in " + (journaled ? journal.directory() : "memory") + " until it works again");
}

void LedgerWarnings::database_worked() {
    if (std::exchange(failure_told_, false)) { say("the database works again"); }
}

void LedgerWarnings::journal_state(const Journal& journal) {
    const auto state = journal.state();
    if (state == std::exchange(journal_told_, state)) { return; }
    switch (state) {
        case JournalState::ok: say("the journal works again"); break;
        case JournalState::failing:
            say(journal.error() + ". Calls are kept in memory only: a crash would lose them");
            break;
        case JournalState::full:
            say("the journal has reached its size limit (log.journal_max_mb). Calls are kept in memory only: a crash "
                "would lose them");
            break;
    }
}

void LedgerWarnings::drained(const Drained& drained, const std::string& directory) {
    if (drained.unreadable > 0) { say(std::to_string(drained.unreadable) + " torn journal lines were skipped"); }
    if (drained.newer > 0 && !std::exchange(newer_told_, true)) {
        say(directory + " holds calls of a newer llmgw, which only that one can add");
    }
}

void LedgerWarnings::losses(std::int64_t dropped) {
    if (dropped == std::exchange(dropped_told_, dropped)) { return; }
    say(std::to_string(dropped) + " calls could not be kept and are not in the log");
}

}  // namespace llmgw
