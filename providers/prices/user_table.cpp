#include "providers/prices/user_table.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <tuple>

#include <sys/stat.h>

#include "core/util/file.hpp"
#include "providers/prices/table.hpp"

namespace llmgw {
namespace {

constexpr std::size_t file_bytes_max = 16 << 20;
constexpr std::size_t columns = 16;
enum Column { column_threshold = 3, column_us_percent = 13, column_source = 14, column_date = 15 };

auto key_of(const PriceLine& line) {
    return std::tie(line.provider, line.model, line.variant, line.threshold);
}

std::string complete_line(std::string_view line, std::string_view date) {
    std::vector<std::string> cells;
    for (std::size_t at = 0; at <= line.size();) {
        const auto end = std::min(line.find('\t', at), line.size());
        cells.emplace_back(line.substr(at, end - at));
        at = end + 1;
    }
    // Too many columns, or so few that it is no table: left for the parser to complain about.
    if (cells.size() > columns || cells.size() < 5) { return std::string(line); }
    cells.resize(columns);
    const auto fill = [&](Column column, std::string_view value) {
        if (cells[column].empty()) { cells[column] = value; }
    };
    fill(column_threshold, "0");
    fill(column_us_percent, "100");
    fill(column_source, "user");
    fill(column_date, date);
    std::string out;
    for (const auto& cell : cells) {
        out += (&cell == &cells.front() ? "" : "\t") + cell;
    }
    return out;
}

std::string date_of(const std::string& path) {
    struct stat info {};
    std::tm parts{};
    if (::stat(path.c_str(), &info) != 0 || ::gmtime_r(&info.st_mtime, &parts) == nullptr) { return {}; }
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

}  // namespace

std::string complete_price_text(std::string_view text, std::string_view date) {
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) { line.remove_suffix(1); }
        out += line.empty() || line.front() == '#' ? std::string(line) : complete_line(line, date);
        out += '\n';
    }
    return out;
}

std::vector<PriceLine> merge_price_lines(std::span<const PriceLine> builtin, std::span<const PriceLine> own) {
    const auto model = [](const PriceLine& line) { return std::tie(line.provider, line.model); };
    std::vector<PriceLine> merged(own.begin(), own.end());
    for (const auto& line : builtin) {
        const auto same = std::ranges::lower_bound(own, model(line), {}, model);
        if (same == own.end() || model(*same) != model(line)) { merged.push_back(line); }
    }
    std::ranges::sort(merged, [](const PriceLine& a, const PriceLine& b) { return key_of(a) < key_of(b); });
    return merged;
}

PriceTable::PriceTable() : lines_(builtin_prices()) {}

Result<PriceTable> PriceTable::load(const std::string& path) {
    PriceTable table;
    if (path.empty()) { return table; }
    const auto wrong = [&](const std::string& what) { return fail(ErrorKind::config, "prices.file: " + what); };
    const auto text = read_file(path, file_bytes_max);
    if (!text) { return wrong(text.error().message); }
    table.text_ = std::make_shared<const std::string>(complete_price_text(*text, date_of(path)));
    const auto own = parse_price_table(*table.text_);
    if (!own) { return wrong(path + ": " + own.error().message); }
    table.merged_ = std::make_shared<const std::vector<PriceLine>>(merge_price_lines(builtin_prices(), *own));
    table.lines_ = *table.merged_;
    return table;
}

}  // namespace llmgw
