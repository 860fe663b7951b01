#include "partition/row_collector.hpp"

namespace lorafleet::partition {

void read_dolly(const DataConfig& config, RowCollector& rows) {
  FieldNames fields;
  fields.target = "response";
  fields.client = "category";
  read_json_lines(config, fields, "Dolly's data have instruction, context, response and category",
                  rows);
}

}  // namespace lorafleet::partition
