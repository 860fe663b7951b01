#include "partition/reader.hpp"

#include <algorithm>
#include <numeric>

#include "partition/formats/choices.hpp"
#include "partition/formats/data_file.hpp"
#include "partition/formats/format.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {

namespace {

std::vector<Example> sample(std::vector<Example> examples, std::size_t size, std::uint64_t seed) {
  if (examples.size() <= size) return examples;
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(seed, Purpose::sample).shuffle(order);
  order.resize(size);
  std::sort(order.begin(), order.end());
  std::vector<Example> kept;
  kept.reserve(size);
  for (const auto i : order) {
    kept.push_back(std::move(examples[i]));
  }
  return kept;
}

/// What was read of a pipe is gone: its beginning would be missing.
void refuse_pipes(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (!std::filesystem::exists(status) || std::filesystem::is_directory(status) ||
      std::filesystem::is_regular_file(status))
    return;
  throw InputError(path.string(),
                   "is read more than once; a regular file was expected, no pipe or device");
}

std::vector<Example> read(const DataConfig& config, std::uint64_t seed, ReadReport* report,
                          bool for_test) {
  const Format& format = find_format(config.format);
  check_labels(config.labels);
  refuse_pipes(config.path);
  refuse_other_kinds(config.path, read_start(config.path, kStartOfFile), format.markup);
  ReadReport own;
  RowCollector rows(config, report != nullptr ? *report : own, for_test);
  format.read(config, rows);
  auto examples = rows.finish(format.has_prompt);
  if (config.max_examples <= 0) return examples;
  return sample(std::move(examples), static_cast<std::size_t>(config.max_examples), seed);
}

}  // namespace

std::vector<Example> read_examples(const DataConfig& config, std::uint64_t seed,
                                   ReadReport* report) {
  return read(config, seed, report, false);
}

std::vector<Example> read_test_examples(const DataConfig& config, std::uint64_t seed,
                                        ReadReport* report) {
  DataConfig test = config;
  test.path = config.test_path;
  return read(test, seed, report, true);
}

}  // namespace lorafleet::partition
