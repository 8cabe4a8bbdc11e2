#include "cli/term/table.hpp"

#include <algorithm>
#include <numeric>

namespace llmgw {
namespace {

constexpr int gap = 2;
constexpr int shortest = 8;  // what is left of a shortened column

std::string line(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells,
                 const std::vector<int>& widths) {
    std::string out;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto cell = shorten(cells[i], widths[i]);
        const std::string padding(static_cast<std::size_t>(std::max(0, widths[i] - display_width(cell))), ' ');
        if (i > 0) { out.append(gap, ' '); }
        out += columns[i].align == Align::right ? padding + cell : cell + padding;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

}  // namespace

void Table::add(std::vector<std::string> cells, bool total) {
    cells.resize(columns_.size());
    for (auto& cell : cells) {
        cell = printable(cell);
    }
    rows_.push_back({std::move(cells), total});
}

std::vector<int> Table::widths(int width_max) const {
    std::vector<int> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        int width = display_width(columns_[i].title);
        for (const auto& row : rows_) {
            width = std::max(width, display_width(row.cells[i]));
        }
        widths.push_back(width);
    }
    const int gaps = gap * (static_cast<int>(columns_.size()) - 1);
    while (width_max > 0 && std::accumulate(widths.begin(), widths.end(), gaps) > width_max) {
        std::size_t widest = columns_.size();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].align == Align::right || columns_[i].whole || widths[i] <= shortest) { continue; }
            if (widest == columns_.size() || widths[i] > widths[widest]) { widest = i; }
        }
        if (widest == columns_.size()) { break; }
        --widths[widest];
    }
    return widths;
}

int Table::width() const {
    const auto all = widths(0);
    return std::accumulate(all.begin(), all.end(), gap * (static_cast<int>(columns_.size()) - 1));
}

std::string Table::render(const Style& style, int width_max) const {
    const auto column_widths = widths(width_max);
    std::vector<std::string> titles;
    for (const auto& column : columns_) {
        titles.push_back(column.title);
    }
    std::string out = style.dim(line(columns_, titles, column_widths)) + "\n";
    for (const auto& row : rows_) {
        const auto text = line(columns_, row.cells, column_widths);
        out += (row.total ? style.bold(text) : text) + "\n";
    }
    return out;
}

}  // namespace llmgw
