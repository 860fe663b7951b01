#include "partition/formats/json_rows.hpp"

#include "partition/formats/data_file.hpp"
#include "partition/formats/json_elements.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

using Row = std::function<void(const nlohmann::json&, const RowPlace&)>;

class JsonRows {
 public:
  JsonRows(const DataConfig& config, RowCollector& rows, const Row& row)
      : config_(config), rows_(rows), row_(row) {}

  void lines() {
    for_each_line(config_.path, [&](std::string_view line, std::size_t number) {
      if (number == 1) line = without_byte_order_mark(line);
      const bool blank = line.find_first_not_of(" \t") == line.npos;
      blank ? rows_.count_line() : read(line, {number}, "one JSON object a line was expected");
    });
  }

  void array() {
    std::size_t entries = 0;
    for_each_element(read_file(config_.path), "", config_.path.string(),
                     [&](std::string_view element, std::size_t line) {
                       read(element, {line, ++entries}, "an array of objects was expected");
                     });
  }

 private:
  void read(std::string_view text, const RowPlace& place, const char* form) {
    rows_.count_line();
    rows_.guard(place, [&] {
      const auto row = parse_row(text, form);
      rows_.columns().saw(row);
      row_(row, place);
    });
  }

  const DataConfig& config_;
  RowCollector& rows_;
  const Row& row_;
};

}  // namespace

void for_each_json_row(const DataConfig& config, RowCollector& rows, const Row& row) {
  JsonRows reader(config, rows, row);
  first_letter(read_start(config.path, kStartOfFile)) == '[' ? reader.array() : reader.lines();
}

void read_json_rows(const DataConfig& config, const FieldNames& fields, const std::string& hint,
                    RowCollector& rows) {
  for_each_json_row(config, rows, [&](const nlohmann::json& row, const RowPlace& place) {
    rows.add(read_row(row, fields, hint), place);
  });
}

}  // namespace lorafleet::partition
