#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "partition/support/csv.hpp"

namespace lorafleet::report {

/// One row of a table of a run directory.
class TableRow {
 public:
  TableRow(const std::vector<std::string>& names, const CsvRecord& record, std::string_view file)
      : names_(names), record_(record), file_(file) {}

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<std::string>& cells() const { return record_.cells; }
  /// Place of a column; names().size() where there is none.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  /// "" without such a column.
  [[nodiscard]] const std::string& text(std::string_view name) const;
  /// Not a number where the cell is empty or there is no such column. Throws InputError that names
  /// file, line and column where it holds something else.
  [[nodiscard]] double number(std::size_t column) const;
  [[nodiscard]] double number(std::string_view name) const { return number(column(name)); }

 private:
  const std::vector<std::string>& names_;
  const CsvRecord& record_;
  std::string_view file_;
};

/// Reads a table row by row. Throws InputError that names the file and the line for what is no such
/// table.
void for_each_row(const std::filesystem::path& file,
                  const std::function<void(const TableRow& row)>& row);

}  // namespace lorafleet::report
