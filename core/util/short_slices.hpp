// Asks the scheduler to run the calling thread soon rather than long.
#pragma once

namespace llmgw {

// For threads that do microseconds of work at a time and must not wait behind one that computes. Linux 6.12 and later
// take a wish of SCHED_OTHER threads for the length of their slices (sched_setattr(2), sched_runtime): a shorter one is
// due earlier, and is also over earlier. Elsewhere nothing changes.
void ask_for_short_slices();

}  // namespace llmgw
