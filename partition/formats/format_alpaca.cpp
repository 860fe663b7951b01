#include "partition/formats/format.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/json_rows.hpp"
#include "partition/formats/row_collector.hpp"

namespace lorafleet::partition {

void read_alpaca(const DataConfig& config, RowCollector& rows) {
  FieldNames fields = no_fields();
  fields.instruction = "instruction";
  fields.context = "input";
  fields.target = "output";
  rows.columns().must_have(fields.instruction, "");
  rows.columns().may_have(fields.context);
  rows.columns().must_have(fields.target, "");
  read_json_rows(config, fields, "Alpaca data have instruction, input and output", rows);
}

}  // namespace lorafleet::partition
