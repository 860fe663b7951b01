#include "partition/json_elements.hpp"
#include "partition/json_row.hpp"
#include "partition/row_collector.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::partition {

namespace {

constexpr const char* kHint = "Alpaca data have instruction, input and output";

FieldNames alpaca_fields() {
  FieldNames fields;
  fields.context = "input";
  fields.target = "output";
  return fields;
}

bool is_array(const std::string& text) {
  const auto first = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  return first != text.npos && text[first] == '[';
}

}  // namespace

void read_alpaca(const DataConfig& config, RowCollector& rows) {
  const std::string text = read_file(config.path);
  if (!is_array(text)) return read_json_lines(config, alpaca_fields(), kHint, rows);
  std::size_t entries = 0;
  for_each_element(text, "", config.path.string(), [&](std::string_view element, std::size_t line) {
    rows.count_line();
    ++entries;
    try {
      Example example =
          read_row(parse_row(element, "an array of objects was expected"), alpaca_fields(), kHint);
      if (example.id.empty()) example.id = "entry-" + std::to_string(entries);
      rows.add(std::move(example), line);
    } catch (const BadRow& problem) {
      rows.bad(line, problem.what());
    }
  });
}

}  // namespace lorafleet::partition
