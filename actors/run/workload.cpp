#include "actors/run/workload.hpp"

#include <algorithm>
#include <filesystem>

#include "actors/run/attackers.hpp"
#include "actors/run/devices.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/evaluation/metric_warnings.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/attribute_hint.hpp"
#include "partition/examples/attributes.hpp"
#include "partition/manifest.hpp"
#include "partition/poison.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {

namespace {

Indices sample(Indices indices, std::int64_t most, std::uint64_t seed) {
  if (most <= 0 || indices.size() <= static_cast<std::size_t>(most)) return indices;
  Random random(seed, Purpose::evaluation_sample);
  random.shuffle(indices);
  indices.resize(static_cast<std::size_t>(most));
  std::sort(indices.begin(), indices.end());
  return indices;
}

/// Gives the label_noise attackers their wrong targets, in `examples` and in `encoded`.
void poison(Workload& work, const FederationConfig& config, const Note& log) {
  const std::size_t clients = work.client_examples.size();
  if (attacks_tiers(config))
    work.devices = deal_devices(config, *work.encoded, work.client_examples,
                                model::train_flops_per_token(work.shape));
  const auto attackers = make_attackers(config, clients, work.devices.get());
  std::vector<partition::PoisonedTarget> poisoned;
  for (const auto client : attackers.clients()) {
    const auto* attack = attackers.attack_of(client);
    if (!attack->kind->spoils_labels) continue;
    auto own = partition::poisoned_targets(work.examples, *work.client_examples[client.value],
                                           work.partition.training, attack->examples, config.seed);
    std::ranges::move(own, std::back_inserter(poisoned));
  }
  if (poisoned.empty()) return;
  auto encoded = std::make_shared<model::EncodedData>(*work.encoded);
  std::size_t too_long = 0;
  for (auto& [index, target] : poisoned) {
    const auto sequence = work.encoder->encode(work.examples[index], target);
    if (!sequence) {
      ++too_long;
      continue;
    }
    if (sequence->label) {
      encoded->replace_class(index, *sequence->label);
      work.examples[index].target = std::move(target);
      continue;
    }
    encoded->replace(index, sequence->tokens, sequence->labels, sequence->context_tokens);
    auto& turns = work.examples[index].turns;
    if (!turns.empty()) turns.back().content = target;
    work.examples[index].target = std::move(target);
  }
  work.encoded = std::move(encoded);
  log("gave " + std::to_string(poisoned.size() - too_long) + " training examples wrong targets" +
      (too_long == 0 ? "" : "; " + std::to_string(too_long) + " would have become too long"));
}

Workload assemble(const FederationConfig& config, ReadData data, const Note& log,
                  const Note& warning) {
  Workload work;
  work.shape = std::move(data.shape);
  work.examples = std::move(data.examples);
  work.classes = std::move(data.classes);
  work.encoder = std::move(data.encoder);
  work.encoded = std::move(data.encoded);
  work.encoding = std::move(data.encoding);
  auto& split = data.split;
  if (!split.note.empty()) warning(split.note);

  work.scored = sample(split.test, config.evaluation.max_examples, config.seed);
  work.test = std::move(split.test);
  const auto& evaluation = config.evaluation;
  if (evaluation.groups > 0) {
    partition::require_grouping(evaluation.group_by, "evaluation.group_by", work.examples,
                                work.scored);
  }
  std::vector<const partition::Example*> scored;
  for (const std::uint32_t index : work.scored)
    scored.push_back(&work.examples[index]);
  for (const auto& line : model::metric_warnings(scored, evaluation))
    warning(line);

  const auto count = [&](const partition::Example& example) {
    return work.encoder->context_tokens(example);
  };
  work.partition = partition::make_partition(work.examples, split.train, config.partition,
                                             config.seed, count, warning);
  work.statistics = partition::measure_partition(work.partition);
  for (const auto& part : work.partition.clients) {
    auto own = partition::split_locally(work.examples, part, config.evaluation.local_share);
    work.client_examples.push_back(std::make_shared<const Indices>(std::move(own.train)));
    if (config.evaluation.local_share > 0.0) work.local_test.push_back(std::move(own.test));
  }
  if (!config.faults.attackers.empty()) poison(work, config, log);
  return work;
}

}  // namespace

Workload prepare_workload(const FederationConfig& config, const Note& log, const Note& warning) {
  return prepare_workload(config, read_data(config, log, warning), log, warning);
}

Workload prepare_workload(const FederationConfig& config, ReadData data, const Note& log,
                          const Note& warning) {
  try {
    return assemble(config, std::move(data), log, warning);
  } catch (const partition::NoSuchAttribute& error) {
    const std::string how = partition::how_to_name(error.name(), config.data);
    throw InputError("", error.what() + (how.empty() ? "" : "; " + how));
  }
}

void check_data(const FederationConfig& config, const Note& log, const Note& warning) {
  if (!has_base(config)) return;
  check_base(config);
  prepare_workload(config, log, warning);
}

void check_base(const FederationConfig& config) {
  const auto file = config.model.path / "config.json";
  if (!has_base(config) || !std::filesystem::exists(file)) return;
  model::check_targets(model::read_shape(file), config.lora);
}

std::string manifest_of(const FederationConfig& config, const Workload& work) {
  return partition::manifest_text(work.partition, work.statistics, work.examples, config.partition,
                                  config.seed);
}

}  // namespace lorafleet::actors
