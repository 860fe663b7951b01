#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "partition/formats/row_collector.hpp"

namespace lorafleet::partition {

/// What separates the columns of a CSV file: what a first line "sep=;" says, else the comma, or the
/// semicolon where the header has more of those outside quotes. Throws InputError for a header with
/// more tabs than either: that is TSV.
char separator_of(const std::filesystem::path& file);

/// For messages.
std::string separator_name(char separator);

/// Calls `row` for each row of a table as an object of strings, by the names in its header. Reads
/// the file block by block. A row with another number of cells, wrong quotes or invalid UTF-8, or
/// for which `row` throws BadRow, is a bad row. `header` (file:line as `place`) is called before. A
/// first line "sep=;" is passed over.
/// Throws InputError for a header with a name twice, and for a quote without its end.
void for_each_table_row(const DataConfig& config, char separator, RowCollector& rows,
                        const std::function<void(const std::vector<std::string>& names,
                                                 const std::string& place)>& header,
                        const std::function<void(nlohmann::json& row, const RowPlace& place)>& row);

}  // namespace lorafleet::partition
