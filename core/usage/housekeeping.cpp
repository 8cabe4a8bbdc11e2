#include "core/usage/housekeeping.hpp"

#include <utility>

#include "core/usage/rollup.hpp"
#include "core/usage/summaries.hpp"
#include "core/usage/time_labels.hpp"

namespace llmgw {
namespace {

// So many calls a report reads one by one in some milliseconds; it is not worth a transaction to spare it that.
constexpr std::int64_t uncovered_max = 5'000;
// A step's rows: the write lock is held for tens of milliseconds, less than anybody's patience for it.
constexpr std::int64_t fold_rows = 20'000;
constexpr std::int64_t roll_rows = 2'000;
constexpr std::chrono::minutes roll_every{10};

}  // namespace

Result<> Housekeeping::step(UsageStore& store, std::int64_t written) {
    auto& database = store.database();
    if (auto folded = fold(database, written); !folded) { return folded; }
    const auto now = std::chrono::steady_clock::now();
    if (std::exchange(drained_, false) && keep_days_ > 0 && now - rolled_ >= roll_every) {
        rolled_ = now;
        rolling_ = true;
    }
    if (rolling_) {
        if (auto rolled = roll(database); !rolled) { return rolled; }
    }
    pending_ = folding_ || rolling_;
    return {};
}

Result<> Housekeeping::fold(Database& database, std::int64_t written) {
    if (!folding_ && looked_at_written_ >= 0 && written - looked_at_written_ < uncovered_max) { return {}; }
    looked_at_written_ = written;
    const auto uncovered = uncovered_rows(database);
    if (!uncovered) { return std::unexpected(uncovered.error()); }
    folding_ = *uncovered >= uncovered_max;
    if (!folding_) { return {}; }
    const auto rows = fold_into_summaries(database, fold_rows);
    if (!rows) { return std::unexpected(rows.error()); }
    folding_ = *rows == fold_rows;
    return {};
}

Result<> Housekeeping::roll(Database& database) {
    const auto before = quarter_of(clock_.now_ms() - keep_days_ * utc_day_ms);
    // Only what the summaries cover can be rolled up.
    const auto folded = fold_into_summaries(database, fold_rows);
    if (!folded) { return std::unexpected(folded.error()); }
    const auto moved = roll_up(database, before, roll_rows);
    if (!moved) { return std::unexpected(moved.error()); }
    rolling_ = *moved == roll_rows || *folded == fold_rows;
    return {};
}

}  // namespace llmgw
