#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet {

/// What may differ between tables of separated values.
struct CsvStyle {
  char separator = ',';
  char comment = '\0';  ///< lines that begin with it are passed over; '\0': there are none
  bool trim = false;    ///< spaces and tabs around cells do not count, nor around their quotes
};

/// One record, header or row.
struct CsvRecord {
  std::vector<std::string> cells;  ///< without the quotes around them
  std::size_t line = 0;            ///< where it begins, from 1
  std::string problem;      ///< what is wrong with its quotes; empty: nothing. `cells` are a guess.
  bool unfinished = false;  ///< the text ended inside a quote, which may have begun far above
};

/// Reads tables of separated values (RFC 4180) from blocks of text of any size. A cell that begins
/// with '"' ends with the next one; it may hold separators, line ends, and quotes written twice.
/// Elsewhere in a cell a quote is a character like others. "\n", "\r\n" and "\r" end a record; a
/// byte order mark and empty lines are passed over. The number of cells is the caller's to check.
class CsvParser {
 public:
  /// `record` may keep or move what it gets.
  CsvParser(CsvStyle style, std::function<void(CsvRecord& record)> record);

  void feed(std::string_view block);
  /// After the last block: the record that no line end closed.
  void finish();
  /// Lines so far, empty ones too; one without its end counts.
  [[nodiscard]] std::size_t lines() const;

 private:
  enum class At { record_start, cell_start, plain, quoted, quote, comment };

  void take(char letter);
  void take_plain(char letter);
  void take_after_quote(char letter);
  void end_cell();
  void end_record();
  [[nodiscard]] bool is_blank(char letter) const;

  CsvStyle style_;
  std::function<void(CsvRecord&)> record_;
  CsvRecord current_;
  std::string cell_;
  At at_ = At::record_start;
  bool was_quoted_ = false;  ///< the cell at hand, which is then not trimmed
  std::size_t quote_line_ = 0;
  std::size_t line_ = 1;
  std::size_t mark_ = 0;  ///< bytes of the byte order mark seen so far
  char previous_ = '\n';
};

/// The records of a whole text.
void for_each_csv_record(std::string_view text, CsvStyle style,
                         const std::function<void(CsvRecord& record)>& record);

/// `text` as one cell: in quotes where it would not read back as it is, in any CsvStyle with this
/// separator and '#' for comments.
std::string csv_field(std::string_view text, char separator = ',');

/// One line, with its "\n".
std::string csv_line(const std::vector<std::string>& cells, char separator = ',');

}  // namespace lorafleet
