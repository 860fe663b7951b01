#include "partition/json_row.hpp"
#include "partition/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::partition {

void read_json_lines(const DataConfig& config, const FieldNames& fields, const std::string& hint,
                     RowCollector& rows) {
  for_each_line(config.path, [&](std::string_view line, std::size_t number) {
    rows.count_line();
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t") == line.npos) return;
    try {
      rows.add(read_row(parse_row(line, "one JSON object a line was expected"), fields, hint),
               number);
    } catch (const BadRow& problem) {
      rows.bad(number, problem.what());
    }
  });
}

void read_jsonl(const DataConfig& config, RowCollector& rows) {
  if (config.fields.target.empty()) {
    throw InputError("data.fields.target", "is empty; the name of a field was expected");
  }
  read_json_lines(config, config.fields, "data.fields.target can name another field", rows);
}

}  // namespace lorafleet::partition
