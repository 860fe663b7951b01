#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

/// A table says its columns once, as a function of a row and a visitor: visit("jobs", row.jobs).
/// One visitor takes the names, the other the cells.
struct ColumnNames {
  std::vector<std::string> cells;

  template <typename T>
  void operator()(const std::string& name, const T& /*value*/) {
    cells.push_back(name);
  }
};

struct RowCells {
  std::vector<std::string> cells;

  void operator()(const std::string& /*name*/, const std::string& value) { cells.push_back(value); }
  void operator()(const std::string& /*name*/, double value) { cells.push_back(shortest(value)); }
  void operator()(const std::string& /*name*/, std::integral auto value) {
    cells.push_back(std::to_string(value));
  }
  /// Empty without a value.
  template <typename T>
  void operator()(const std::string& name, const std::optional<T>& value) {
    if (value) {
      (*this)(name, *value);
    } else {
      cells.emplace_back();
    }
  }
};

}  // namespace lorafleet::actors
