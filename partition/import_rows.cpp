#include "partition/import_rows.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "partition/measures.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {

namespace {

/// Three decimals; whole numbers as such.
nlohmann::ordered_json number(double value) {
  const double rounded = std::round(value * 1000.0) / 1000.0;
  if (rounded == std::floor(rounded)) return static_cast<std::int64_t>(rounded);
  return rounded;
}

}  // namespace

std::string to_jsonl(const ImportRow& row) {
  nlohmann::ordered_json quality;
  quality["coverage"] = number(coverage(row.target, row.context));
  for (const auto& [name, value] : row.quality) {
    quality[name] = number(value);
  }
  nlohmann::ordered_json line;
  line["id"] = row.id;
  line["task"] = row.task;
  line["domain"] = row.domain;
  line["group"] = row.group;
  if (!row.client.empty()) line["client"] = row.client;
  line["instruction"] = row.instruction;
  line["context"] = row.context;
  line["target"] = row.target;
  line["ctx_words"] = count_words(row.context);
  line["quality"] = quality;
  return line.dump();
}

void write_rows(const std::filesystem::path& out, const std::vector<ImportRow>& rows,
                std::size_t max_rows, std::uint64_t seed, ImportReport& report) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (max_rows > 0 && max_rows < rows.size()) {
    Random(seed, Purpose::sample).shuffle(order);
    order.resize(max_rows);
    std::sort(order.begin(), order.end());
  }
  if (out.has_parent_path()) make_folder(out.parent_path());
  AtomicFile file(out);
  for (const auto i : order) {
    file.write(to_jsonl(rows[i]) + "\n");
  }
  file.commit();
  report.rows += order.size();
  report.skipped += rows.size() - order.size();
}

}  // namespace lorafleet::partition
