#include "cli/usage/question.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::pair<std::string_view, UsageFormat>, 4> formats{{{"table", UsageFormat::table},
                                                                           {"json", UsageFormat::json},
                                                                           {"csv", UsageFormat::csv},
                                                                           {"markdown", UsageFormat::markdown}}};

Result<UsageFormat> parse_format(const UsageArguments& arguments) {
    if (arguments.format.empty()) { return arguments.json ? UsageFormat::json : UsageFormat::table; }
    const auto found = std::ranges::find(formats, arguments.format, &std::pair<std::string_view, UsageFormat>::first);
    if (found == formats.end()) {
        std::vector<std::string_view> names;
        for (const auto& [name, format] : formats) {
            names.push_back(name);
        }
        return fail(ErrorKind::usage, "--format: \"" + arguments.format + "\" is none of " + one_of(names) +
                                          did_you_mean(arguments.format, names));
    }
    if (arguments.json && found->second != UsageFormat::json) {
        return fail(ErrorKind::usage, "--json and --format " + arguments.format + " contradict each other");
    }
    return found->second;
}

Result<Period> parse_compare(const UsageArguments& arguments, const Question& asked, std::int64_t now_ms) {
    if (arguments.compare != "previous") {
        return fail(ErrorKind::usage, "--compare: \"" + arguments.compare + "\" is not known; say previous");
    }
    if (!asked.since_ms) {
        return fail(ErrorKind::usage, "--compare previous needs --since: all time has no period before it");
    }
    for (const auto& dimension : asked.query.by) {
        if (dimension.kind->time) {
            return fail(ErrorKind::usage, "--compare previous cannot go with --by " + dimension.name() +
                                              ": two periods have none of them in common");
        }
    }
    for (const auto& filter : asked.query.where) {
        if (filter.dimension.kind->time) {
            return fail(ErrorKind::usage, "--compare previous cannot go with --where " + filter.dimension.name() +
                                              "=: say the period with --since and --until");
        }
    }
    // The quarter of an hour that is now belongs to this period.
    const auto until = asked.until_ms.value_or(quarter_of(now_ms) + quarter_ms);
    return previous_period({*asked.since_ms, until}, unit_of(arguments.since));
}

}  // namespace

Result<std::int64_t> parse_count(const std::string& option, const std::string& text) {
    std::int64_t count = 0;
    const auto* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, count);
    if (error != std::errc() || end != last || count < 1) {
        return fail(ErrorKind::usage, option + ": \"" + text + "\" is not a whole number above 0");
    }
    return count;
}

Result<ReportQuery> parse_choice(const std::string& since, const std::string& until,
                                 const std::vector<std::string>& where, std::int64_t now_ms) {
    ReportQuery query;
    if (!since.empty()) {
        const auto ms = parse_since(since, now_ms);
        if (!ms) { return fail(ErrorKind::usage, "--since: " + ms.error().message); }
        query.since_ms = *ms;
    }
    if (!until.empty()) {
        const auto ms = parse_until(until, now_ms);
        if (!ms) { return fail(ErrorKind::usage, "--until: " + ms.error().message); }
        query.until_ms = *ms;
    }
    if (query.since_ms >= query.until_ms) {
        return fail(ErrorKind::usage, "--since " + since + " is not before --until " + until);
    }
    for (const auto& text : where) {
        auto filter = parse_filter(text);
        if (!filter) { return std::unexpected(filter.error()); }
        query.where.push_back(std::move(*filter));
    }
    return query;
}

Result<Question> parse_question(const UsageArguments& arguments, std::int64_t now_ms) {
    Question asked;
    const auto format = parse_format(arguments);
    if (!format) { return std::unexpected(format.error()); }
    asked.format = *format;
    auto query = parse_choice(arguments.since, arguments.until, arguments.where, now_ms);
    if (!query) { return std::unexpected(query.error()); }
    asked.query = std::move(*query);
    auto by = parse_dimensions(arguments.by);
    if (!by) { return std::unexpected(by.error()); }
    asked.query.by = std::move(*by);
    if (!arguments.since.empty()) { asked.since_ms = quarter_of(asked.query.since_ms); }
    if (!arguments.until.empty()) { asked.until_ms = quarter_of(asked.query.until_ms); }
    if (!arguments.top.empty()) {
        const auto top = parse_count("--top", arguments.top);
        if (!top) { return std::unexpected(top.error()); }
        asked.top = *top;
    }
    if (!arguments.compare.empty()) {
        const auto previous = parse_compare(arguments, asked, now_ms);
        if (!previous) { return std::unexpected(previous.error()); }
        asked.previous = *previous;
    }
    return asked;
}

}  // namespace llmgw
