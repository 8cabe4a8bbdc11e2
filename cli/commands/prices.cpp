#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands/all.hpp"
#include "cli/term/table.hpp"
#include "core/config/config.hpp"
#include "core/util/text.hpp"
#include "providers/prices/table.hpp"
#include "providers/prices/user_table.hpp"

namespace llmgw {
namespace {

struct Options {
    std::string model;
    std::string provider;
    bool json = false;
};

// Column of a price: its heading, its key in --json, and where it is. Columns that no shown line fills are left out.
struct Column {
    std::string_view heading;
    std::string_view key;
    std::int64_t PriceLine::*price;
    int first_to_go;
};

constexpr Column columns[] = {
    {"input", "input", &PriceLine::input, 0},
    {"output", "output", &PriceLine::output, 0},
    {"cache read", "cache_read", &PriceLine::cache_read, 1},
    {"write 5m", "cache_write_5m", &PriceLine::cache_write_5m, 2},
    {"write 1h", "cache_write_1h", &PriceLine::cache_write_1h, 3},
    {"reasoning", "reasoning", &PriceLine::reasoning, 4},
    {"audio in", "audio_input", &PriceLine::audio_input, 5},
    {"audio out", "audio_output", &PriceLine::audio_output, 6},
    {"search", "web_search", &PriceLine::web_search_pico, 7},
};

using Lines = std::span<const PriceLine>;

// "openai/gpt-5" names provider and model where openai is a price list; OpenRouter's own names have a slash too.
std::pair<std::string, std::string> split_target(const Options& options, Lines table) {
    const auto slash = options.model.find('/');
    if (!options.provider.empty() || slash == std::string::npos) { return {options.provider, options.model}; }
    auto provider = options.model.substr(0, slash);
    auto model = options.model.substr(slash + 1);
    if (Prices(table).find(provider, model).empty()) { return {"", options.model}; }
    return {std::move(provider), std::move(model)};
}

std::vector<std::string_view> price_lists(Lines table) {
    std::vector<std::string_view> names;
    for (const auto& line : table) {
        if (names.empty() || names.back() != line.provider) { names.push_back(line.provider); }
    }
    return names;
}

std::vector<PriceLine> find_lines(Lines table, std::string_view provider, std::string_view model) {
    std::vector<PriceLine> found;
    for (const auto name : price_lists(table)) {
        if (!provider.empty() && name != provider) { continue; }
        std::ranges::copy(Prices(table).find(name, model), std::back_inserter(found));
    }
    return found;
}

// Levenshtein distance: how many letters to add, drop or change.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = std::exchange(row[j + 1], std::min({change, row[j] + 1, row[j + 1] + 1}));
        }
    }
    return row.back();
}

// Up to three known names that were perhaps meant: those that hold the text, then those few letters away.
std::vector<std::string> nearest(Lines table, std::string_view provider, std::string_view model) {
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const auto& line : table) {
        if (!line.variant.empty() || line.threshold != 0 || (!provider.empty() && line.provider != provider)) {
            continue;
        }
        const bool holds = !model.empty() && line.model.find(model) != std::string_view::npos;
        const auto far = holds ? 0 : distance(model, line.model);
        if (far > std::max<std::size_t>(2, model.size() / 3)) { continue; }
        ranked.emplace_back(far * 100 + line.model.size(), fmt::format("{}/{}", line.provider, line.model));
    }
    std::ranges::sort(ranked);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, ranked.size()); ++i) {
        names.push_back(ranked[i].second);
    }
    return names;
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (auto& c : out) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

std::string tier_of(const PriceLine& line) {
    std::string text(line.variant.empty() ? "standard" : line.variant);
    if (line.threshold > 0) { text += fmt::format(", prompt > {}", line.threshold); }
    if (line.us_percent != 100) { text += fmt::format(", us x {}", format_dollars(line.us_percent * 10'000'000'000)); }
    return text;
}

void print_json(const std::vector<PriceLine>& lines) {
    auto rows = nlohmann::ordered_json::array();
    for (const auto& line : lines) {
        nlohmann::ordered_json row;
        row["provider"] = line.provider;
        row["model"] = line.model;
        row["tier"] = line.variant.empty() ? "standard" : line.variant;
        row["prompt_above"] = line.threshold;
        // The nearest double prints as the decimal it came from.
        for (const auto& column : columns) {
            const auto price = line.*column.price;
            row[std::string(column.key)] = price == no_price
                                               ? nlohmann::ordered_json()
                                               : nlohmann::ordered_json(static_cast<double>(price) / 1e12);
        }
        row["us_percent"] = line.us_percent;
        row["source"] = line.source;
        row["date"] = line.date;
        rows.push_back(std::move(row));
    }
    fmt::print("{}\n", rows.dump(2));
}

// On a narrow terminal the columns with the highest `first_to_go` are left out first, those with 0 never.
struct Shown {
    TableColumn head;
    int first_to_go;
    std::function<std::string(const PriceLine&)> cell;
};

std::vector<Shown> shown_columns(const std::vector<PriceLine>& lines) {
    std::vector<Shown> out{{{"MODEL", Align::left, true},
                            0,
                            [](const PriceLine& line) { return fmt::format("{}/{}", line.provider, line.model); }},
                           {{"TIER"}, 0, tier_of}};
    for (const auto& column : columns) {
        const auto known = [&column](const PriceLine& line) { return line.*column.price != no_price; };
        if (std::ranges::none_of(lines, known)) { continue; }
        out.push_back(
            {{upper(column.heading), Align::right}, column.first_to_go, [&column, known](const PriceLine& line) {
                 return known(line) ? format_dollars(line.*column.price) : std::string("-");
             }});
    }
    out.push_back({{"FROM"}, 0, [](const PriceLine& line) { return fmt::format("{} {}", line.source, line.date); }});
    return out;
}

void print_table(const std::vector<PriceLine>& lines, const Environment& env) {
    const int width = env.stdout_is_tty ? env.width : 0;
    std::vector<std::string> left_out;
    for (auto shown = shown_columns(lines);;) {
        std::vector<TableColumn> heads;
        for (const auto& column : shown) {
            heads.push_back(column.head);
        }
        Table table(std::move(heads));
        for (const auto& line : lines) {
            std::vector<std::string> cells;
            for (const auto& column : shown) {
                cells.push_back(column.cell(line));
            }
            table.add_row(std::move(cells));
        }
        const auto least = std::ranges::max_element(shown, {}, &Shown::first_to_go);
        if (width == 0 || table.width() <= width || least->first_to_go == 0) {
            fmt::print("{}", table.render(Style(env.color), width));
            break;
        }
        left_out.push_back(lower(least->head.title));
        shown.erase(least);
    }
    fmt::print("US dollars per million tokens; search: per search.\n");
    if (!left_out.empty()) { fmt::print("For lack of room without: {}. --json has all.\n", fmt::join(left_out, ", ")); }
}

int show(const Options& options, const Environment& env) {
    const auto config = load_config(env.config_path, env.config_given);
    if (!config) { return report_error(config.error()); }
    const auto table = PriceTable::load(config->prices.file);
    if (!table) { return report_error(table.error()); }
    const auto [provider, model] = split_target(options, table->lines());
    const auto lines = find_lines(table->lines(), provider, model);
    if (lines.empty()) {
        std::string message = fmt::format("no price known for {}", model);
        if (!provider.empty()) { message += fmt::format(" in the price list of {}", provider); }
        const auto names = nearest(table->lines(), provider, model);
        if (!names.empty()) { message += fmt::format("; nearest: {}", fmt::join(names, ", ")); }
        return report_error({ErrorKind::not_found, message});
    }
    options.json ? print_json(lines) : print_table(lines, env);
    return exit_code::done;
}

}  // namespace

// `llmgw prices show`: the lists in force, as data.
std::function<int()> define_prices(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.require_subcommand(1);
    auto* sub = app.add_subcommand("show", "The prices llmgw knows for a model");
    sub->add_option("model", options->model, "Model, as the provider names it, or provider/model")->required();
    sub->add_option("--provider", options->provider, "Only this price list");
    sub->add_flag("--json", options->json, "Print JSON: numbers are US dollars per million tokens, null: not known");
    sub->footer("Example:\n  llmgw prices show claude-opus-5 --provider anthropic");
    return [options, &env] { return show(*options, env); };
}

}  // namespace llmgw
