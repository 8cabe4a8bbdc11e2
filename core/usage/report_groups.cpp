#include <algorithm>
#include <map>

#include "core/usage/report_parts.hpp"

namespace llmgw::reporting {
namespace {

std::vector<std::string> split_key(std::string_view key) {
    std::vector<std::string> values;
    while (!key.empty()) {
        const auto end = key.find('\0');
        values.emplace_back(key.substr(0, end));
        key.remove_prefix(end + 1);
    }
    return values;
}

}  // namespace

void append_value(std::string_view value, std::string& key) {
    key += value.substr(0, value.find('\0'));
    key += '\0';
}

ReportSums& Groups::at(std::string_view key, std::int64_t time_ms) {
    if (last_ == nullptr || key != last_key_) {
        auto found = groups_.find(key);
        if (found == groups_.end()) { found = groups_.emplace(key, Group{{}, time_ms}).first; }
        last_key_ = key;
        last_ = &found->second;
    }
    last_->first_ms = std::min(last_->first_ms, time_ms);
    return last_->sums;
}

void Groups::unpriced(std::string_view model) {
    if (!unpriced_models_.contains(model)) { unpriced_models_.emplace(model); }
}

void Groups::add(const Groups& other) {
    for (const auto& [key, group] : other.groups_) {
        at(key, group.first_ms) += group.sums;
    }
    unpriced_models_.insert(other.unpriced_models_.begin(), other.unpriced_models_.end());
}

Report Groups::report(const std::vector<Dimension>& by) const {
    Report report;
    report.unpriced_models.insert(unpriced_models_.begin(), unpriced_models_.end());
    // When clocks go back, names of hours do not sort as the hours do: the earliest call decides.
    std::map<std::string, std::int64_t> begins;
    for (const auto& [key, group] : groups_) {
        report.total += group.sums;
        report.rows.push_back({split_key(key), group.sums});
        if (by.empty()) { continue; }
        const auto& first = report.rows.back().keys.front();
        const auto [at, added] = begins.emplace(first, group.first_ms);
        if (!added) { at->second = std::min(at->second, group.first_ms); }
    }
    const bool chronological = !by.empty() && by.front().kind->time.has_value();
    std::sort(report.rows.begin(), report.rows.end(), [&](const ReportRow& a, const ReportRow& b) {
        if (chronological && a.keys.front() != b.keys.front()) {
            return begins[a.keys.front()] < begins[b.keys.front()];
        }
        if (a.sums.priced_cost_nano != b.sums.priced_cost_nano) {
            return a.sums.priced_cost_nano > b.sums.priced_cost_nano;
        }
        if (a.sums.calls != b.sums.calls) { return a.sums.calls > b.sums.calls; }
        return a.keys < b.keys;
    });
    return report;
}

}  // namespace llmgw::reporting
