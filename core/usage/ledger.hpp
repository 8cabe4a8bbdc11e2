// Where finished calls go. record() never blocks on the database and returns once the row would survive a
// kill -9 of this process (it is in the journal file), so the caller may then send the client its last byte.
#pragma once

#include "core/usage/row.hpp"

namespace llmgw {

class Ledger {
public:
    virtual ~Ledger() = default;
    virtual void record(CallRecord record) = 0;
};

}  // namespace llmgw
