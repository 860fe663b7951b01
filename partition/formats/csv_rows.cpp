#include "partition/formats/csv_rows.hpp"

#include <algorithm>
#include <optional>

#include "partition/formats/data_file.hpp"
#include "partition/support/csv.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The place of the first cell that is not valid UTF-8.
std::string invalid_cell(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (const auto byte = invalid_utf8_at(cells[i])) {
      return "invalid UTF-8 at byte " + std::to_string(*byte + 1) + " of cell " +
             std::to_string(i + 1) + "; the file must be UTF-8";
    }
  }
  return "";
}

std::vector<std::string> checked_header(const CsvRecord& record, const std::string& place) {
  if (!record.problem.empty()) throw InputError(place, record.problem);
  if (const auto wrong = invalid_cell(record.cells); !wrong.empty()) throw InputError(place, wrong);
  std::vector<std::string> names;
  for (const auto& cell : record.cells) {
    names.push_back(trimmed(cell));
    const auto& name = names.back();
    if (name.empty()) continue;
    if (std::count(names.begin(), names.end(), name) > 1) {
      throw InputError(place, "the header has the column \"" + name + "\" twice");
    }
  }
  return names;
}

/// Of "sep=;", which Excel writes and reads as a first line; '\0': it is another line.
char told_separator(std::string_view line) {
  constexpr std::string_view kKey = "sep=";
  return line.size() == kKey.size() + 1 && line.starts_with(kKey) ? line.back() : '\0';
}

bool tells_separator(const CsvRecord& record) {
  return record.cells.size() == 2 && record.cells[0] == "sep=" && record.cells[1].empty();
}

struct Separators {
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
};

/// Outside the quotes of the first record that is no empty line.
Separators count_separators(std::string_view text) {
  Separators found;
  text = without_byte_order_mark(text);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  bool cell_starts = true;
  bool quoted = false;
  for (const char letter : text) {
    if (letter == '"' && (quoted || cell_starts)) {
      quoted = !quoted;
      cell_starts = !quoted;  // a quote right after one that closes is written twice
      continue;
    }
    cell_starts = false;
    if (quoted) continue;
    if (letter == '\r' || letter == '\n') break;
    found.commas += letter == ',' ? 1 : 0;
    found.semicolons += letter == ';' ? 1 : 0;
    found.tabs += letter == '\t' ? 1 : 0;
    cell_starts = letter == ',' || letter == ';' || letter == '\t';
  }
  return found;
}

/// Columns without a name, as pandas writes an index, are passed over.
json row_of(const std::vector<std::string>& header, const CsvRecord& record, char separator) {
  if (!record.problem.empty()) throw BadRow(record.problem);
  const auto& cells = record.cells;
  if (cells.size() != header.size()) {
    throw BadRow("has " + std::to_string(cells.size()) + " cells; the header has " +
                 std::to_string(header.size()) + " (the separator is " + separator_name(separator) +
                 ")");
  }
  if (const auto wrong = invalid_cell(cells); !wrong.empty()) throw BadRow(wrong);
  json row = json::object();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!header[i].empty()) row[header[i]] = cells[i];
  }
  return row;
}

}  // namespace

char separator_of(const std::filesystem::path& file) {
  const std::string start = read_start(file, kStartOfFile);
  if (const char told = told_separator(first_line(start)); told != '\0') return told;
  const Separators in_header = count_separators(start);
  if (in_header.tabs > std::max(in_header.commas, in_header.semicolons)) {
    throw InputError(
        at_line(file.string(), 1),
        "the header has more tabs than commas or semicolons; format = \"tsv\" reads it");
  }
  return in_header.semicolons > in_header.commas ? ';' : ',';
}

std::string separator_name(char separator) {
  return separator == '\t' ? "tab" : std::string("\"") + separator + "\"";
}

void for_each_table_row(
    const DataConfig& config, char separator, RowCollector& rows,
    const std::function<void(const std::vector<std::string>&, const std::string&)>& header,
    const std::function<void(json&, const RowPlace&)>& row) {
  std::optional<std::vector<std::string>> names;
  CsvParser parser({.separator = separator}, [&](CsvRecord& record) {
    rows.count_line();
    const std::string place = at_line(config.path.string(), record.line);
    if (record.unfinished) throw InputError(place, record.problem);
    if (!names && record.line == 1 && tells_separator(record)) return;
    if (!names) {
      names = checked_header(record, place);
      return header(*names, place);
    }
    rows.guard({record.line}, [&] {
      json object = row_of(*names, record, separator);
      rows.columns().saw(object);
      row(object, {record.line});
    });
  });
  for_each_block(config.path, [&](std::string_view block) { parser.feed(block); });
  parser.finish();
}

}  // namespace lorafleet::partition
