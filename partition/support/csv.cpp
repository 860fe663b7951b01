#include "partition/support/csv.hpp"

#include <utility>

#include "partition/support/utf8.hpp"

namespace lorafleet {

namespace {

bool ends_line(char letter) {
  return letter == '\n' || letter == '\r';
}

}  // namespace

CsvParser::CsvParser(CsvStyle style, std::function<void(CsvRecord&)> record)
    : style_(style), record_(std::move(record)) {}

void CsvParser::feed(std::string_view block) {
  for (const char letter : block) {
    if (mark_ < kByteOrderMark.size()) {
      if (letter == kByteOrderMark[mark_]) {
        ++mark_;
        continue;
      }
      const std::size_t seen = std::exchange(mark_, kByteOrderMark.size());
      for (const char held : kByteOrderMark.substr(0, seen))
        take(held);
    }
    take(letter);
  }
}

void CsvParser::finish() {
  if (mark_ < kByteOrderMark.size()) {
    const std::size_t seen = std::exchange(mark_, kByteOrderMark.size());
    for (const char held : kByteOrderMark.substr(0, seen))
      take(held);
  }
  if (at_ == At::quoted) {
    current_.unfinished = true;
    current_.problem = "the quote that begins in line " + std::to_string(quote_line_) +
                       " has no end; a quote inside a quoted cell is written twice";
  }
  if (at_ != At::record_start && at_ != At::comment) {
    end_cell();
    end_record();
  }
  at_ = At::record_start;
}

std::size_t CsvParser::lines() const {
  return line_ - (ends_line(previous_) ? 1 : 0);
}

bool CsvParser::is_blank(char letter) const {
  return letter == ' ' || (letter == '\t' && style_.separator != '\t');
}

void CsvParser::take(char letter) {
  if (at_ == At::record_start) {
    current_.line = line_;
    if (style_.comment != '\0' && letter == style_.comment) {
      at_ = At::comment;
    } else if (!style_.trim || !is_blank(letter)) {
      at_ = At::cell_start;
    }
  }
  switch (at_) {
    case At::record_start:
      break;
    case At::comment:
      if (ends_line(letter)) at_ = At::record_start;
      break;
    case At::quoted:
      if (letter == '"') {
        at_ = At::quote;
      } else {
        cell_ += letter;
      }
      break;
    case At::quote:
      take_after_quote(letter);
      break;
    default:
      take_plain(letter);
  }
  if (letter == '\r' || (letter == '\n' && previous_ != '\r')) ++line_;
  previous_ = letter;
}

void CsvParser::take_plain(char letter) {
  if (letter == style_.separator) {
    end_cell();
    was_quoted_ = false;
  } else if (ends_line(letter)) {
    end_cell();
    end_record();
  } else if (at_ == At::cell_start && letter == '"') {
    at_ = At::quoted;
    was_quoted_ = true;
    quote_line_ = line_;
  } else if (at_ == At::plain || !style_.trim || !is_blank(letter)) {
    at_ = At::plain;
    cell_ += letter;
  }
}

void CsvParser::take_after_quote(char letter) {
  if (letter == '"' && previous_ == '"') {
    cell_ += letter;
    at_ = At::quoted;
  } else if (letter == style_.separator || ends_line(letter)) {
    take_plain(letter);
  } else if (!style_.trim || !is_blank(letter)) {
    current_.problem = "there is text after the closing quote of cell " +
                       std::to_string(current_.cells.size() + 1) +
                       "; a quote inside a quoted cell is written twice";
    cell_ += letter;
    at_ = At::plain;
  }
}

void CsvParser::end_cell() {
  if (style_.trim && !was_quoted_) {
    while (!cell_.empty() && is_blank(cell_.back()))
      cell_.pop_back();
  }
  current_.cells.push_back(std::move(cell_));
  cell_.clear();
  at_ = At::cell_start;
}

void CsvParser::end_record() {
  const bool empty = current_.cells.size() == 1 && current_.cells.front().empty() && !was_quoted_;
  if (!empty) record_(current_);
  current_ = {};
  was_quoted_ = false;
  at_ = At::record_start;
}

void for_each_csv_record(std::string_view text, CsvStyle style,
                         const std::function<void(CsvRecord&)>& record) {
  CsvParser parser(style, record);
  parser.feed(text);
  parser.finish();
}

std::string csv_field(std::string_view text, char separator) {
  const auto blank = [](char letter) { return letter == ' ' || letter == '\t'; };
  const bool plain =
      text.find_first_of("\"\r\n") == text.npos && text.find(separator) == text.npos &&
      (text.empty() || (!blank(text.front()) && !blank(text.back()) && text.front() != '#')) &&
      !text.starts_with(kByteOrderMark);
  if (plain) return std::string(text);
  std::string field = "\"";
  for (const char letter : text) {
    if (letter == '"') field += '"';
    field += letter;
  }
  return field + '"';
}

std::string csv_line(const std::vector<std::string>& cells, char separator) {
  if (cells.size() == 1 && cells.front().empty()) return "\"\"\n";
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += separator;
    line += csv_field(cells[i], separator);
  }
  return line + "\n";
}

}  // namespace lorafleet
