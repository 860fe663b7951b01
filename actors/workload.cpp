#include "actors/workload.hpp"

#include <algorithm>

#include "model/tokenizer.hpp"
#include "partition/degrade.hpp"
#include "partition/manifest.hpp"
#include "partition/reader.hpp"
#include "partition/split.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {

namespace {

using Indices = std::vector<std::uint32_t>;

void remove_dropped(Indices& indices, const Indices& dropped) {
  std::erase_if(indices, [&](std::uint32_t index) {
    return std::binary_search(dropped.begin(), dropped.end(), index);
  });
}

Indices sample(Indices indices, std::int64_t most, std::uint64_t seed) {
  if (most <= 0 || indices.size() <= static_cast<std::size_t>(most)) return indices;
  Random random(seed, Purpose::evaluation_sample);
  random.shuffle(indices);
  indices.resize(static_cast<std::size_t>(most));
  std::sort(indices.begin(), indices.end());
  return indices;
}

}  // namespace

Workload prepare_workload(const FederationConfig& config,
                          const std::function<void(const std::string&)>& log,
                          const std::function<void(const std::string&)>& warning) {
  Workload work;
  work.opt = model::read_opt_config(config.model.path / "config.json");
  const auto tokenizer = model::Tokenizer::load(config.model.path);

  partition::ReadReport read;
  work.examples = partition::read_examples(config.data, config.seed, &read);
  for (const auto& problem : read.problems)
    warning("skipped " + problem);
  auto split = partition::split_by_group(work.examples);
  partition::degrade(work.examples, split.train, config.data.degrade, config.seed);

  auto encoded = model::encode_examples(work.examples, *tokenizer, config.encoding, work.opt);
  work.encoding = std::move(encoded.report);
  work.encoded = std::make_shared<const model::EncodedData>(std::move(encoded.data));
  remove_dropped(split.train, work.encoding.dropped_examples);
  remove_dropped(split.test, work.encoding.dropped_examples);
  if (split.train.empty() || split.test.empty()) {
    throw InputError(
        config.data.path.string(),
        "no " + std::string(split.train.empty() ? "training" : "test") +
            " example fits into data.max_tokens = " + std::to_string(config.encoding.max_tokens));
  }
  if (work.encoding.dropped > 0) {
    warning(std::to_string(work.encoding.dropped) + " of " + std::to_string(work.examples.size()) +
            " examples do not fit into data.max_tokens = " +
            std::to_string(config.encoding.max_tokens) + " and were left out");
  }
  log("read " + std::to_string(work.examples.size()) + " examples (" +
      std::to_string(split.train.size()) + " for training, " + std::to_string(split.test.size()) +
      " held out by group; " + std::to_string(work.encoding.truncated) + " cut to " +
      std::to_string(config.encoding.max_tokens) + " tokens)");

  work.scored = sample(split.test, config.evaluation.max_examples, config.seed);
  work.test = std::move(split.test);

  const auto count = [&](const partition::Example& example) {
    return model::count_tokens(*tokenizer, example.context);
  };
  work.partition =
      partition::make_partition(work.examples, split.train, config.partition, config.seed, count);
  work.statistics = partition::measure_partition(work.partition);
  for (const auto& note : work.partition.notes)
    warning(note);
  for (const auto& part : work.partition.clients) {
    work.client_examples.push_back(std::make_shared<const Indices>(part));
  }
  return work;
}

}  // namespace lorafleet::actors
