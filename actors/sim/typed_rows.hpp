#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "partition/support/limits.hpp"

namespace lorafleet::sim {

/// The columns that a table may have; `required` ones it must have.
struct KnownColumns {
  std::vector<std::string> known;
  std::vector<std::string> required;
};

/// One row of a table. Cells are asked for by the name of their column; each reader throws
/// InputError "file:line:column name: ..." for a cell that is wrong, and gives nothing for one that
/// is empty or that the table does not have.
class TypedRow {
 public:
  [[nodiscard]] std::string_view text(std::string_view column) const;
  /// A text that will be part of tables and messages: UTF-8 without control characters.
  [[nodiscard]] std::string name(std::string_view column) const;
  /// A finite number from `low` on (above it where `open`), at most `high`.
  [[nodiscard]] std::optional<double> number(std::string_view column, double low, bool open,
                                             double high) const;
  /// `limits` has whole bounds on both sides.
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view column,
                                                  const Limits& limits) const;
  [[nodiscard]] std::size_t line() const { return line_; }
  [[noreturn]] void fail(std::string_view column, std::string_view what) const;

 private:
  friend void for_each_typed_row(std::string_view, std::string_view, const KnownColumns&,
                                 const std::function<void(const TypedRow&)>&);

  std::string_view file_;
  std::size_t line_ = 0;
  std::vector<std::string> header_;
  std::vector<std::string> cells_;
};

/// Reads a table of commas: a header with names of columns in any order, then the rows. Blanks
/// around cells, empty lines, lines that start with '#', "\r\n" and a byte order mark are passed
/// over; a cell in quotes may hold commas, blanks and (written twice) quotes. `file` is for
/// messages. Throws InputError for a header that is missing, or has unknown, repeated or missing
/// columns, for rows with another number of cells and for quotes that do not fit.
void for_each_typed_row(std::string_view text, std::string_view file, const KnownColumns& columns,
                        const std::function<void(const TypedRow&)>& row);

}  // namespace lorafleet::sim
