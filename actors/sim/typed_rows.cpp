#include "actors/sim/typed_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "partition/support/csv.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::sim {

namespace {

constexpr std::size_t kLongestQuoted = 40;

std::string cell_in_quotes(std::string_view text) {
  return '"' + short_name(text, kLongestQuoted) + '"';
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> checked_header(const std::vector<std::string>& cells,
                                        const std::string& place, const KnownColumns& columns) {
  std::vector<std::string> header;
  for (const auto& cell : cells) {
    if (!contains(columns.known, cell)) {
      const std::string nearest =
          cell.size() > kLongestQuoted ? "" : nearest_name(cell, columns.known);
      throw InputError(place, "unknown column " + cell_in_quotes(printable(cell)) +
                                  "; allowed in the header: " + join(columns.known) +
                                  did_you_mean(nearest));
    }
    if (contains(header, cell)) {
      throw InputError(place, "the header has the column " + cell_in_quotes(cell) + " twice");
    }
    header.push_back(cell);
  }
  for (const auto& name : columns.required) {
    if (!contains(header, name)) {
      throw InputError(place, "the header has no column \"" + name + "\"");
    }
  }
  return header;
}

}  // namespace

std::string_view TypedRow::text(std::string_view column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end()) return {};
  return cells_[static_cast<std::size_t>(found - header_.begin())];
}

void TypedRow::fail(std::string_view column, std::string_view what) const {
  throw InputError(at_line(file_, line_) + ":" + std::string(column), what);
}

std::optional<double> TypedRow::number(std::string_view column, double low, bool open,
                                       double high) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return std::nullopt;
  double value = 0.0;
  const auto end = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool read = end.ec == std::errc() && end.ptr == cell.data() + cell.size();
  if (!read || !std::isfinite(value)) {
    fail(column, "must be a finite number, not " + cell_in_quotes(printable(cell)));
  }
  if (value < low || (open && value <= low) || value > high) {
    const std::string most =
        high < std::numeric_limits<double>::max() ? ", at most " + shortest(high) : "";
    fail(column, cell_in_quotes(cell) + " is out of range; allowed: " +
                     (open ? "above " + shortest(low) : shortest(low) + " or more") + most);
  }
  return value;
}

std::optional<std::int64_t> TypedRow::whole(std::string_view column, const Limits& limits) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto end = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (end.ec != std::errc() || end.ptr != cell.data() + cell.size() ||
      !limits.allow(static_cast<double>(value))) {
    fail(column, "must be a whole number from " + limits.text() + ", not " +
                     cell_in_quotes(printable(cell)));
  }
  return value;
}

std::string TypedRow::name(std::string_view column) const {
  std::string cell(text(column));
  if (!is_printable(cell)) {
    fail(column, cell_in_quotes(printable(cell)) +
                     " has control characters or is no UTF-8; allowed: a name of one line");
  }
  return cell;
}

void for_each_typed_row(std::string_view text, std::string_view file, const KnownColumns& columns,
                        const std::function<void(const TypedRow&)>& row) {
  TypedRow current;
  current.file_ = file;
  for_each_csv_record(text, {',', '#', true}, [&](CsvRecord& record) {
    const std::string place = at_line(file, record.line);
    if (!record.problem.empty()) throw InputError(place, record.problem);
    if (current.header_.empty()) {
      current.header_ = checked_header(record.cells, place, columns);
      return;
    }
    if (record.cells.size() != current.header_.size()) {
      throw InputError(place, "has " + std::to_string(record.cells.size()) +
                                  " cells; the header has " +
                                  std::to_string(current.header_.size()));
    }
    current.line_ = record.line;
    current.cells_ = std::move(record.cells);
    row(current);
  });
  if (current.header_.empty()) {
    throw InputError(file,
                     "is empty; a header with columns of " + join(columns.known) + " was expected");
  }
}

}  // namespace lorafleet::sim
