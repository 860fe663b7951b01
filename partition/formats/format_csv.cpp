#include <algorithm>
#include <charconv>
#include <cmath>

#include "partition/formats/choices.hpp"
#include "partition/formats/csv_rows.hpp"
#include "partition/formats/format.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

/// A cell that holds what JSON has a form for and CSV has not; empty: absent.
json parsed_cell(const std::string& cell, const std::string& column, const char* expected) {
  if (cell.empty()) return nullptr;
  json value = json::parse(cell, nullptr, false);
  if (value.is_discarded() || !(value.is_array() || value.is_object())) {
    throw BadRow("column \"" + column + "\" must hold JSON, like " + expected);
  }
  return value;
}

json score_of(const std::string& cell, const std::string& column) {
  if (cell.empty()) return nullptr;
  double value = 0.0;
  const auto end = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool read = end.ec == std::errc() && end.ptr == cell.data() + cell.size();
  if (!read || !std::isfinite(value)) {
    throw BadRow("column \"" + column + "\" is \"" + short_name(cell, 40) +
                 "\"; a finite number was expected");
  }
  return value;
}

/// Makes of a row of strings what a row of JSON would be.
class TypedColumns {
 public:
  explicit TypedColumns(const FieldNames& fields) : fields_(fields) {}

  void convert(json& row) const {
    in_json(row, fields_.choices,
            "[\"yes\", \"no\"]; data.labels gives all rows the same choices, and "
            "data.fields.choices = \"\" passes the column over");
    in_json(row, fields_.references,
            "[\"another answer\"]; data.fields.references = \"\" passes the column over");
    in_json(row, fields_.quality,
            "{\"votes\": 3}; data.fields.quality = \"\" passes the column over");
    if (fields_.quality.empty()) return;
    json scores;
    for (const auto& [column, cell] : row.items()) {
      // One that is JSON by now is a field of another kind.
      if (!column.starts_with(fields_.quality + ".") || !cell.is_string()) continue;
      scores[column.substr(fields_.quality.size() + 1)] = score_of(cell.get<std::string>(), column);
    }
    if (!scores.is_null() && !has_field(row, fields_.quality)) row[fields_.quality] = scores;
  }

 private:
  static void in_json(json& row, const std::string& column, const char* expected) {
    const auto found = row.find(column);
    // Two fields may name the same column.
    if (column.empty() || found == row.end() || !found->is_string()) return;
    *found = parsed_cell(found->get<std::string>(), column, expected);
  }

  const FieldNames& fields_;
};

void read_table(const DataConfig& config, char separator, RowCollector& rows) {
  const FieldNames fields = named_fields(config);
  const TypedColumns typed(fields);
  rows.columns().has_fields(fields, rows.for_test());
  const auto check_header = [&](const std::vector<std::string>& header, const std::string& place) {
    if (std::find(header.begin(), header.end(), fields.target) == header.end()) {
      throw InputError(place, "the header has no column \"" + fields.target +
                                  "\" (the target); it has: " + join_some(header) +
                                  " (the separator is " + separator_name(separator) + ")" +
                                  did_you_mean(nearest_name(fields.target, header)) +
                                  "; data.fields.target can name another column");
    }
    for (const auto& column : header) {
      if (fields.quality.empty() || !column.starts_with(fields.quality + ".")) continue;
      rows.columns().may_have(column);
      rows.columns().found(fields.quality);
    }
  };
  for_each_table_row(config, separator, rows, check_header, [&](json& row, const RowPlace& place) {
    typed.convert(row);
    Example example = read_row(row, fields, "data.fields.target can name another column");
    apply_labels(example, config.labels);
    rows.add(std::move(example), place);
  });
}

}  // namespace

void read_csv(const DataConfig& config, RowCollector& rows) {
  read_table(config, separator_of(config.path), rows);
}

void read_tsv(const DataConfig& config, RowCollector& rows) {
  read_table(config, '\t', rows);
}

}  // namespace lorafleet::partition
