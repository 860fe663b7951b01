#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "partition/examples/config.hpp"
#include "partition/formats/row_collector.hpp"

namespace lorafleet::partition {

/// Calls `row` for each JSON object of the file, which has one a line, or all in one array (then
/// the whole file is in memory). What is no object, or throws BadRow, is a bad row.
void for_each_json_row(const DataConfig& config, RowCollector& rows,
                       const std::function<void(const nlohmann::json&, const RowPlace&)>& row);

/// Rows of JSON objects; `hint` ends the message about a missing target.
void read_json_rows(const DataConfig& config, const FieldNames& fields, const std::string& hint,
                    RowCollector& rows);

}  // namespace lorafleet::partition
