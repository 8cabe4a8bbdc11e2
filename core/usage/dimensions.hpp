// What calls can be grouped and chosen by.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/usage/time_labels.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// A line of the table. What users type chooses a line and is never part of a statement; `sql` is a constant
// expression over the table calls, `rolled_sql` the same over the table rollups.
struct DimensionKind {
    std::string_view name;  // as typed after --by, and the member's name in JSON
    std::string_view title;
    std::string_view sql;
    std::string_view rolled_sql;
    std::optional<TimeUnit> time = std::nullopt;  // the expression gives a time, which is named by this unit
    bool is_metadata = false;                     // the expression gives a JSON object, of which one member is meant
    bool is_summarized = false;                   // the summaries (core/usage/summaries.hpp) know it
};

struct Dimension {
    const DimensionKind* kind = nullptr;
    std::string member = {};  // of meta:NAME, the NAME
    bool operator==(const Dimension&) const = default;

    std::string name() const;   // as typed
    std::string title() const;  // a column's heading
};

// All kinds, in the order they are told to people.
std::span<const DimensionKind> dimension_kinds();
// "feature, model, ..., meta:NAME"
std::string dimension_names();

// "feature,day" and the like. A usage error that lists the names when one is unknown or said twice.
Result<std::vector<Dimension>> parse_dimensions(std::string_view names);

// A choice of calls: those whose value in that dimension is this.
struct Filter {
    Dimension dimension;
    std::string value;  // "" chooses calls that have none
};

// "feature=review", "meta:team=blue", "day=2026-03-01". What reports call "(none)" may be typed so, or left empty.
Result<Filter> parse_filter(std::string_view text);

// The member of a flat JSON object, "" when there is none or the text is no object. Numbers and the like as JSON
// writes them.
std::string metadata_member(std::string_view object, const std::string& member);

}  // namespace llmgw
