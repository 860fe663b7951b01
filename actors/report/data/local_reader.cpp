#include <cmath>

#include "actors/report/data/run_data.hpp"
#include "actors/report/data/table_reader.hpp"

namespace lorafleet::report {

std::vector<LocalRow> read_local(const std::filesystem::path& file) {
  std::vector<LocalRow> rows;
  for_each_row(file, [&](const TableRow& row) {
    const LocalRow one{static_cast<std::uint64_t>(row.number("client")),
                       row.number("base_perplexity"), row.number("global_perplexity"),
                       row.number("after_training_perplexity")};
    if (std::isfinite(one.global)) rows.push_back(one);
  });
  return rows;
}

}  // namespace lorafleet::report
