#include "actors/report/data/table_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

std::size_t TableRow::column(std::string_view name) const {
  return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
}

const std::string& TableRow::text(std::string_view name) const {
  static const std::string none;
  const std::size_t at = column(name);
  return at < names_.size() ? record_.cells[at] : none;
}

double TableRow::number(std::size_t column) const {
  if (column >= names_.size() || record_.cells[column].empty()) return std::nan("");
  const std::string& cell = record_.cells[column];
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) {
    throw InputError(at_line(file_, record_.line) + ": " + names_[column],
                     "\"" + cell + "\" is no number");
  }
  return value;
}

void for_each_row(const std::filesystem::path& file,
                  const std::function<void(const TableRow& row)>& row) {
  const std::string name = file.string();
  std::vector<std::string> names;
  CsvParser parser({}, [&](CsvRecord& record) {
    if (!record.problem.empty()) throw InputError(at_line(name, record.line), record.problem);
    if (names.empty()) {
      names = std::move(record.cells);
      return;
    }
    if (record.cells.size() != names.size()) {
      throw InputError(at_line(name, record.line), "has " + std::to_string(record.cells.size()) +
                                                       " cells, the header has " +
                                                       std::to_string(names.size()));
    }
    row({names, record, name});
  });
  for_each_block(file, [&](std::string_view block) { parser.feed(block); });
  parser.finish();
}

}  // namespace lorafleet::report
