#include "partition/formats/format.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/json_rows.hpp"
#include "partition/formats/row_collector.hpp"

namespace lorafleet::partition {

void read_dolly(const DataConfig& config, RowCollector& rows) {
  FieldNames fields = no_fields();
  fields.instruction = "instruction";
  fields.context = "context";
  fields.target = "response";
  fields.client = "category";
  fields.attributes = {"category"};
  rows.columns().must_have(fields.instruction, "");
  rows.columns().may_have(fields.context);
  rows.columns().must_have(fields.target, "");
  rows.columns().may_have(fields.client);
  read_json_rows(config, fields, "Dolly's data have instruction, context, response and category",
                 rows);
}

}  // namespace lorafleet::partition
