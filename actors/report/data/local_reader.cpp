#include <cmath>

#include "actors/report/data/run_data.hpp"
#include "actors/report/data/table_reader.hpp"

namespace lorafleet::report {

std::vector<LocalRow> read_local(const std::filesystem::path& file) {
  std::vector<LocalRow> rows;
  const ScoreKind* score = nullptr;
  for_each_row(file, [&](const TableRow& row) {
    if (score == nullptr) {
      score = &score_where(
          [&](const std::string& key) { return row.column("global_" + key) < row.names().size(); });
    }
    const LocalRow one{static_cast<std::uint64_t>(row.number("client")),
                       row.number("base_" + score->key), row.number("global_" + score->key),
                       row.number("after_training_" + score->key)};
    if (std::isfinite(one.global)) rows.push_back(one);
  });
  return rows;
}

}  // namespace lorafleet::report
