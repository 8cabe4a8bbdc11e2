#include <algorithm>

#include "core/usage/report_parts.hpp"

namespace llmgw::reporting {
namespace {

bool is_time(const Dimension& dimension) {
    return dimension.kind->time.has_value();
}

// What the query makes of each group: which of its texts are part of a row's key, and whether it is wanted at all.
struct GroupTexts {
    std::vector<std::string> key;  // for each dimension that is no time
    std::string model;
};

Result<std::unordered_map<std::int64_t, GroupTexts>> read_groups(Database& database, const ReportQuery& query) {
    std::string sql = "SELECT id, model";
    for (const auto& dimension : query.by) {
        if (is_time(dimension)) { continue; }
        sql += ", ";
        sql += dimension.kind->rolled_sql;
    }
    sql += " FROM summary_groups WHERE true";
    for (const auto& filter : query.where) {
        if (is_time(filter.dimension)) { continue; }
        sql += " AND ";
        sql += filter.dimension.kind->rolled_sql;
        sql += " = ?";
    }
    auto statement = database.prepare(sql);
    if (!statement) { return std::unexpected(statement.error()); }
    int parameter = 0;
    for (const auto& filter : query.where) {
        if (!is_time(filter.dimension)) { statement->bind(++parameter, filter.value); }
    }
    std::unordered_map<std::int64_t, GroupTexts> groups;
    for (;;) {
        switch (statement->step()) {
            case Statement::Step::done: return groups;
            case Statement::Step::failed: return std::unexpected(database.error());
            case Statement::Step::row: break;
        }
        auto& group = groups[statement->integer(0)];
        group.model = statement->text(1);
        for (int column = 2; column < statement->columns(); ++column) {
            group.key.emplace_back(statement->text(column));
        }
    }
}

class Reader {
public:
    Reader(Database& database, const ReportQuery& query, std::unordered_map<std::int64_t, GroupTexts> texts,
           Groups& groups)
        : database_(database), query_(query), texts_(std::move(texts)), groups_(groups) {
        for (const auto& dimension : query.by) {
            if (is_time(dimension)) { labels_.emplace_back(*dimension.kind->time); }
        }
        for (const auto& filter : query.where) {
            if (is_time(filter.dimension)) {
                filters_.emplace_back(TimeLabels(*filter.dimension.kind->time), filter.value);
            }
        }
    }

    // A UTC day is taken whole where the period has all of it and no name of a time changes within it: always where
    // nothing is asked about times, hardly ever where local days are. The rest is taken by quarters.
    Result<> run() {
        auto days = select(utc_day_ms, {query_.since_ms - utc_day_ms + 1, query_.until_ms});
        if (!days) { return std::unexpected(days.error()); }
        std::vector<Period> pieces;
        for (;;) {
            const auto step = days->step();
            if (step == Statement::Step::failed) { return std::unexpected(database_.error()); }
            if (step == Statement::Step::done) { break; }
            const Period day{days->integer(0), days->integer(0) + utc_day_ms};
            if (day.since_ms >= query_.since_ms && day.until_ms <= query_.until_ms && has_one_name(day)) {
                if (auto added = add(*days); !added) { return added; }
                continue;
            }
            const Period piece{std::max(day.since_ms, query_.since_ms), std::min(day.until_ms, query_.until_ms)};
            if (!pieces.empty() && pieces.back().until_ms == piece.since_ms) {
                pieces.back().until_ms = piece.until_ms;
            } else {
                pieces.push_back(piece);
            }
        }
        for (const auto& piece : pieces) {
            auto quarters = select(quarter_ms, piece);
            if (!quarters) { return std::unexpected(quarters.error()); }
            for (;;) {
                const auto step = quarters->step();
                if (step == Statement::Step::failed) { return std::unexpected(database_.error()); }
                if (step == Statement::Step::done) { break; }
                if (auto added = add(*quarters); !added) { return added; }
            }
        }
        return {};
    }

private:
    Result<Statement> select(std::int64_t span_ms, Period period) {
        auto statement = database_.prepare(
            "SELECT start_ms, entries FROM summaries WHERE span_ms = ? AND start_ms >= ? AND start_ms < ?"
            " ORDER BY start_ms");
        if (statement) {
            statement->bind(1, span_ms);
            statement->bind(2, period.since_ms);
            statement->bind(3, period.until_ms);
        }
        return statement;
    }

    bool has_one_name(Period day) const {
        const auto same = [&](TimeUnit unit) {
            // An hour is never a day; longer times have one name when both ends have the same.
            return unit != TimeUnit::hour && time_label(unit, day.since_ms) == time_label(unit, day.until_ms - 1);
        };
        return std::ranges::all_of(query_.by, [&](const Dimension& d) { return !is_time(d) || same(*d.kind->time); }) &&
               std::ranges::all_of(query_.where, [&](const Filter& filter) {
                   return !is_time(filter.dimension) || same(*filter.dimension.kind->time);
               });
    }

    Result<> add(const Statement& span) {
        const auto start = span.integer(0);
        for (auto& [labels, value] : filters_) {
            if (labels.label(start) != value) { return {}; }
        }
        // The time's names are the same for the whole span, and mostly those of the span before.
        std::string names;
        for (auto& labels : labels_) {
            append_value(labels.label(start), names);
        }
        if (names != names_) {
            names_ = std::move(names);
            sums_.clear();
        }
        auto bytes = span.blob(1);
        SummaryEntry entry;
        while (!bytes.empty()) {
            if (!read_summary_entry(bytes, entry)) {
                return fail(ErrorKind::io, "the usage log's summaries are damaged: empty the table summaries");
            }
            const auto found = texts_.find(entry.group_id);
            if (found == texts_.end()) { continue; }
            if (entry.sums.unpriced_calls > 0) { groups_.unpriced(found->second.model); }
            add(found->second, start, entry);
        }
        return {};
    }

    void add(const GroupTexts& texts, std::int64_t start, const SummaryEntry& entry) {
        auto& sums = sums_[entry.group_id];
        if (sums == nullptr) {
            std::string key;
            std::size_t text = 0;
            std::string_view names = names_;
            for (const auto& dimension : query_.by) {
                if (is_time(dimension)) {
                    append_value(names, key);
                    names.remove_prefix(names.find('\0') + 1);
                } else {
                    append_value(texts.key[text++], key);
                }
            }
            // Sums stay where they are in memory as long as the groups live.
            sums = &groups_.at(key, start);
        }
        *sums += entry.sums;
    }

    Database& database_;
    const ReportQuery& query_;
    const std::unordered_map<std::int64_t, GroupTexts> texts_;
    Groups& groups_;
    std::vector<TimeLabels> labels_;                           // of the query's times, in its order
    std::vector<std::pair<TimeLabels, std::string>> filters_;  // of its conditions on time
    std::string names_;                                        // of the times, as a key
    std::unordered_map<std::int64_t, ReportSums*> sums_;       // of groups, for these names
};

}  // namespace

bool is_summarized(const ReportQuery& query) {
    const auto known = [](const Dimension& dimension) { return dimension.kind->is_summarized; };
    return std::ranges::all_of(query.by, known) &&
           std::ranges::all_of(query.where, [&](const Filter& filter) { return known(filter.dimension); });
}

Result<> add_summaries(Database& database, const ReportQuery& query, Groups& groups) {
    auto texts = read_groups(database, query);
    if (!texts) { return std::unexpected(texts.error()); }
    return Reader(database, query, std::move(*texts), groups).run();
}

}  // namespace llmgw::reporting
