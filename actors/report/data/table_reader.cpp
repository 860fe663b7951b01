#include "actors/report/data/table_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "partition/support/csv.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

namespace {

void cut(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  for (std::size_t end = line.find(','); end != line.npos; end = line.find(',')) {
    cells.push_back(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
  cells.push_back(line);
}

}  // namespace

std::size_t TableRow::column(std::string_view name) const {
  return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
}

double TableRow::number(std::size_t column) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return std::nan("");
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) {
    throw InputError(at_line(file_, line_) + ": " + names_[column],
                     "\"" + std::string(cell) + "\" is no number");
  }
  return value;
}

void for_each_row(const std::filesystem::path& file,
                  const std::function<void(const TableRow& row)>& row) {
  const std::string name = file.string();
  std::vector<std::string> names;
  std::vector<std::string_view> cells;
  const auto take = [&](std::size_t line) {
    if (names.empty()) {
      names.assign(cells.begin(), cells.end());
      return;
    }
    if (cells.size() != names.size()) {
      throw InputError(at_line(name, line), "has " + std::to_string(cells.size()) +
                                                " cells, the header has " +
                                                std::to_string(names.size()));
    }
    row({names, cells, line, name});
  };
  // A record with a quote, until it ends.
  std::size_t began = 0;
  bool whole = true;
  CsvParser parser({}, [&](CsvRecord& record) {
    if (!record.problem.empty()) throw InputError(at_line(name, began), record.problem);
    cells.assign(record.cells.begin(), record.cells.end());
    take(began);
    whole = true;
  });
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    if (whole && line.find('"') == line.npos) {
      if (line.empty()) return;
      cut(line, cells);
      take(number);
      return;
    }
    if (whole) began = number;
    whole = false;
    parser.feed(line);
    parser.feed("\n");
  });
  parser.finish();
}

}  // namespace lorafleet::report
