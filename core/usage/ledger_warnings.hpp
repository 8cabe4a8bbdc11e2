// What the ledger says about its troubles: once for each change of state, in words for people.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/usage/drain.hpp"
#include "core/usage/journal.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class LedgerWarnings {
public:
    explicit LedgerWarnings(std::function<void(std::string)> warn) : warn_(std::move(warn)) {}

    void say(std::string text) const { warn_("usage log: " + std::move(text)); }
    void database_failed(const Error& error, const Journal& journal);
    void database_worked();
    void journal_state(const Journal& journal);
    void drained(const Drained& drained, const std::string& directory);
    // `dropped`: calls lost in all.
    void losses(std::int64_t dropped);

private:
    const std::function<void(std::string)> warn_;
    bool failure_told_ = false;
    bool newer_told_ = false;
    JournalState journal_told_ = JournalState::ok;
    std::int64_t dropped_told_ = 0;
};

}  // namespace llmgw
