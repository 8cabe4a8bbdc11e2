// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

#include "cli/term/style.hpp"

namespace llmgw {

enum class Align { left, right };

struct TableColumn {
    std::string title;
    Align align = Align::left;
    bool whole = false;  // never shortened, as right-aligned columns are not
};

class Table {
public:
    explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

    // One cell for each column. Cells are made printable here.
    void add_row(std::vector<std::string> cells) { add(std::move(cells), false); }
    // A row that stands out.
    void add_total(std::vector<std::string> cells) { add(std::move(cells), true); }

    // Lines, each ended by a newline. Two spaces between columns, none at a line's end. When `width_max` (0: no
    // limit) is too small, left-aligned columns are shortened, the widest first.
    std::string render(const Style& style, int width_max) const;

    // Columns that render() needs without a limit.
    int width() const;

private:
    struct Row {
        std::vector<std::string> cells;
        bool total = false;
    };

    void add(std::vector<std::string> cells, bool total);
    std::vector<int> widths(int width_max) const;

    std::vector<TableColumn> columns_;
    std::vector<Row> rows_;
};

}  // namespace llmgw
