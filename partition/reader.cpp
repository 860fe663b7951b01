#include "partition/reader.hpp"

#include <algorithm>
#include <numeric>

#include "partition/row_collector.hpp"
#include "partition/support/error.hpp"
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

}  // namespace

std::vector<std::string> known_formats() {
  std::vector<std::string> names;
  for (const auto& format : formats()) {
    names.push_back(format.name);
  }
  return names;
}

std::string usual_template(const std::string& name) {
  for (const auto& format : formats()) {
    if (format.name == name) return format.prompt_template;
  }
  return "plain";
}

std::vector<Example> read_examples(const DataConfig& config, std::uint64_t seed,
                                   ReadReport* report) {
  const auto format = std::find_if(formats().begin(), formats().end(),
                                   [&](const Format& f) { return f.name == config.format; });
  if (format == formats().end()) {
    throw InputError("data.format",
                     "unknown format \"" + config.format + "\"; known: " + join(known_formats()));
  }
  ReadReport own;
  RowCollector rows(config, report != nullptr ? *report : own);
  format->read(config, rows);
  auto examples = rows.finish();
  if (config.max_examples <= 0) return examples;
  return sample(std::move(examples), static_cast<std::size_t>(config.max_examples), seed);
}

}  // namespace lorafleet::partition
