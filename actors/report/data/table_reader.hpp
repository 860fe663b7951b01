#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::report {

/// One row of a table of a run directory. Its texts live as long as the call that it is given to.
class TableRow {
 public:
  TableRow(const std::vector<std::string>& names, const std::vector<std::string_view>& cells,
           std::size_t line, std::string_view file)
      : names_(names), cells_(cells), line_(line), file_(file) {}

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<std::string_view>& cells() const { return cells_; }
  /// Place of a column; names().size() where there is none.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  /// "" without such a column.
  [[nodiscard]] std::string_view text(std::size_t column) const {
    return column < cells_.size() ? cells_[column] : std::string_view();
  }
  /// Not a number where the cell is empty or there is no such column. Throws InputError that names
  /// file, line and column where it holds something else.
  [[nodiscard]] double number(std::size_t column) const;
  [[nodiscard]] double number(std::string_view name) const { return number(column(name)); }

 private:
  const std::vector<std::string>& names_;
  const std::vector<std::string_view>& cells_;
  std::size_t line_;
  std::string_view file_;
};

/// Reads a table row by row. Rows without quotes, which nearly all are, are cut where they lie.
/// Throws InputError that names the file and the line for what is no such table.
void for_each_row(const std::filesystem::path& file,
                  const std::function<void(const TableRow& row)>& row);

}  // namespace lorafleet::report
