#include "partition/importers/import_rows.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "partition/examples/measures.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

/// Three decimals; whole numbers as such.
nlohmann::ordered_json number(double value) {
  const double rounded = std::round(value * 1000.0) / 1000.0;
  if (rounded == std::floor(rounded)) return static_cast<std::int64_t>(rounded);
  return rounded;
}

/// Their indices.
std::vector<std::size_t> valid_rows(const std::vector<ImportRow>& rows, ImportReport& report) {
  std::vector<std::size_t> valid;
  std::string first;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_valid_utf8(rows[i])) {
      valid.push_back(i);
    } else if (first.empty()) {
      first = invalid_utf8_at(rows[i].id) ? "row " + std::to_string(i + 1) : rows[i].id;
    }
  }
  if (first.empty()) return valid;
  if (valid.empty()) {
    throw InputError("import", "none of the " + std::to_string(rows.size()) +
                                   " rows is valid UTF-8, which is expected of every text");
  }
  report.notes.push_back(std::to_string(rows.size() - valid.size()) +
                         " rows were skipped since they are not valid UTF-8, the first of them " +
                         first);
  return valid;
}

}  // namespace

bool is_valid_utf8(const ImportRow& row) {
  const auto valid = [](std::string_view text) { return !invalid_utf8_at(text); };
  return valid(row.id) && valid(row.task) && valid(row.domain) && valid(row.group) &&
         valid(row.client) && valid(row.instruction) && valid(row.context) && valid(row.target) &&
         std::all_of(row.quality.begin(), row.quality.end(),
                     [&](const auto& entry) { return valid(entry.first); });
}

std::string to_jsonl(const ImportRow& row) {
  nlohmann::ordered_json quality;
  quality[kCoverage] = number(coverage(row.target, row.context));
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
  std::vector<std::size_t> order = valid_rows(rows, report);
  if (max_rows > 0 && max_rows < order.size()) {
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
