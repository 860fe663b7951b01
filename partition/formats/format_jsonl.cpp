#include "partition/formats/choices.hpp"
#include "partition/formats/format.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/json_rows.hpp"
#include "partition/formats/row_collector.hpp"

namespace lorafleet::partition {

void read_jsonl(const DataConfig& config, RowCollector& rows) {
  const FieldNames fields = named_fields(config);
  rows.columns().has_fields(fields, rows.for_test());
  for_each_json_row(config, rows, [&](const nlohmann::json& row, const RowPlace& place) {
    Example example = read_row(row, fields, "data.fields.target can name another field");
    apply_labels(example, config.labels);
    rows.add(std::move(example), place);
  });
}

}  // namespace lorafleet::partition
