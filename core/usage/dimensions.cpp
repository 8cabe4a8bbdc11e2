#include "core/usage/dimensions.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/usage/log_rows.hpp"
#include "core/usage/row.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::string_view meta_prefix = "meta:";
constexpr std::string_view no_value = "(none)";

constexpr std::string_view status_name = "status";
// How calls and attempts can end.
constexpr std::array<std::string_view, 6> statuses{to_string(Ending::done),      to_string(Ending::failed),
                                                   to_string(Ending::refused),   to_string(Ending::cancelled),
                                                   to_string(Ending::truncated), failed_attempt_status};

constexpr std::array<DimensionKind, 15> kinds{{
    {.name = "feature", .title = "FEATURE", .sql = "feature", .rolled_sql = "feature", .is_summarized = true},
    // Where nobody answered, the model that was asked for is the best name there is.
    {.name = "model",
     .title = "MODEL",
     .sql = "CASE WHEN served_model <> '' THEN served_model ELSE requested_model END",
     .rolled_sql = "model",
     .is_summarized = true},
    {.name = "provider", .title = "PROVIDER", .sql = "provider", .rolled_sql = "provider", .is_summarized = true},
    {.name = "user", .title = "USER", .sql = "user", .rolled_sql = "user"},
    {.name = "key", .title = "KEY", .sql = "client_key", .rolled_sql = "client_key"},
    {.name = "agent", .title = "AGENT", .sql = "agent", .rolled_sql = "agent"},
    {.name = "session", .title = "SESSION", .sql = "session_id", .rolled_sql = "session_id"},
    {.name = status_name, .title = "STATUS", .sql = "ending", .rolled_sql = "ending"},
    {.name = "error", .title = "ERROR", .sql = "error_class", .rolled_sql = "error_class"},
    // No call names a prompt yet.
    {.name = "prompt", .title = "PROMPT", .sql = "''", .rolled_sql = "''"},
    {.name = "hour",
     .title = "HOUR",
     .sql = "started_ms",
     .rolled_sql = "quarter_ms",
     .time = TimeUnit::hour,
     .is_summarized = true},
    {.name = "day",
     .title = "DAY",
     .sql = "started_ms",
     .rolled_sql = "quarter_ms",
     .time = TimeUnit::day,
     .is_summarized = true},
    {.name = "week",
     .title = "WEEK",
     .sql = "started_ms",
     .rolled_sql = "quarter_ms",
     .time = TimeUnit::week,
     .is_summarized = true},
    {.name = "month",
     .title = "MONTH",
     .sql = "started_ms",
     .rolled_sql = "quarter_ms",
     .time = TimeUnit::month,
     .is_summarized = true},
    {.name = "meta", .title = "META", .sql = "metadata", .rolled_sql = "metadata", .is_metadata = true},
}};

std::optional<Dimension> find_dimension(std::string_view name) {
    const bool meta = name.starts_with(meta_prefix);
    if (meta && name.size() == meta_prefix.size()) { return std::nullopt; }
    const auto kind = std::ranges::find_if(
        kinds, [&](const DimensionKind& line) { return line.is_metadata ? meta : line.name == name; });
    if (kind == kinds.end()) { return std::nullopt; }
    return Dimension{&*kind, meta ? std::string(name.substr(meta_prefix.size())) : ""};
}

std::string unknown(std::string_view what, std::string_view name) {
    std::vector<std::string_view> names;
    for (const auto& kind : kinds) {
        names.push_back(kind.name);
    }
    return "cannot " + std::string(what) + " by \"" + std::string(name) + "\"" + did_you_mean(name, names) +
           ": choose from " + dimension_names();
}

}  // namespace

std::string Dimension::name() const {
    return kind->is_metadata ? std::string(meta_prefix) + member : std::string(kind->name);
}

std::string Dimension::title() const {
    return kind->is_metadata ? member : std::string(kind->title);
}

std::span<const DimensionKind> dimension_kinds() {
    return kinds;
}

std::string dimension_names() {
    std::string names;
    for (const auto& kind : kinds) {
        names += (names.empty() ? "" : ", ") + std::string(kind.name) + (kind.is_metadata ? ":NAME" : "");
    }
    return names;
}

Result<std::vector<Dimension>> parse_dimensions(std::string_view names) {
    std::vector<Dimension> by;
    for (std::string_view rest = names;;) {
        const auto comma = rest.find(',');
        const auto name = trim(rest.substr(0, comma));
        auto found = find_dimension(name);
        if (!found) { return fail(ErrorKind::usage, unknown("group", name)); }
        if (std::ranges::find(by, *found) != by.end()) {
            return fail(ErrorKind::usage, "--by: \"" + std::string(name) + "\" is there twice");
        }
        by.push_back(std::move(*found));
        if (comma == std::string_view::npos) { return by; }
        rest.remove_prefix(comma + 1);
    }
}

Result<Filter> parse_filter(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        return fail(ErrorKind::usage,
                    "--where: \"" + std::string(text) + "\" has no \"=\": say for example feature=review");
    }
    const auto name = trim(text.substr(0, equals));
    auto found = find_dimension(name);
    if (!found) { return fail(ErrorKind::usage, unknown("choose", name)); }
    const auto value = text.substr(equals + 1);
    if (found->kind->name == status_name && std::ranges::find(statuses, value) == statuses.end()) {
        return fail(ErrorKind::usage, "--where: \"" + std::string(value) + "\" is no status" +
                                          did_you_mean(value, statuses) + ": choose from " + one_of(statuses));
    }
    return Filter{std::move(*found), value == no_value ? "" : std::string(value)};
}

std::string metadata_member(std::string_view object, const std::string& member) {
    if (object.empty()) { return {}; }
    // Without exceptions: the second argument is the callback, the third says so.
    const auto tree = nlohmann::json::parse(object, nullptr, false);
    if (!tree.is_object()) { return {}; }
    const auto found = tree.find(member);
    if (found == tree.end() || found->is_null()) { return {}; }
    if (found->is_string()) { return found->get<std::string>(); }
    return found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace llmgw
