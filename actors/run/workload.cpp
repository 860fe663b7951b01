#include "actors/run/workload.hpp"

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "actors/run/attackers.hpp"
#include "actors/run/devices.hpp"
#include "actors/run/train_kinds.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/evaluation/metric_warnings.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/attributes.hpp"
#include "partition/degrade.hpp"
#include "partition/formats/format.hpp"
#include "partition/manifest.hpp"
#include "partition/poison.hpp"
#include "partition/reader.hpp"
#include "partition/split.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::actors {

namespace {

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

/// Test examples of which a training example has the same instruction, context and target.
std::size_t seen_in_training(const std::vector<partition::Example>& examples,
                             const partition::Split& split) {
  const auto text = [&](std::uint32_t index) {
    const auto& example = examples[index];
    return fnv1a64(example.instruction + '\0' + example.context + '\0' + example.target);
  };
  std::unordered_set<std::uint64_t> training;
  for (const std::uint32_t index : split.train)
    training.insert(text(index));
  return static_cast<std::size_t>(
      std::count_if(split.test.begin(), split.test.end(),
                    [&](std::uint32_t index) { return training.contains(text(index)); }));
}

using Note = std::function<void(const std::string&)>;

/// `read` is partition::read_examples or its like; says what came up.
template <typename Read>
std::vector<partition::Example> read_file_of(const FederationConfig& config, Read&& read,
                                             const Note& log, const Note& warning) {
  partition::ReadReport report;
  auto rows = read(config.data, config.seed, &report);
  for (const auto& problem : report.problems)
    warning("skipped " + problem);
  for (const auto& text : report.warnings)
    warning(text);
  for (const auto& note : report.notes)
    log(note);
  return rows;
}

/// Reads the data and splits them: by group, or into the two files that the user gives.
partition::Split read_split(const FederationConfig& config,
                            std::vector<partition::Example>& examples, const Note& log,
                            const Note& warning) {
  examples = read_file_of(config, partition::read_examples, log, warning);
  if (config.data.test_path.empty()) return partition::split_by_group(examples);
  auto test = read_file_of(config, partition::read_test_examples, log, warning);
  partition::Split split;
  const std::size_t shared = partition::append_test(examples, std::move(test), split);
  if (shared > 0) {
    warning(std::to_string(shared) +
            " test examples belong to groups that are in the training "
            "data too: the evaluation set is seen in training");
  }
  return split;
}

/// Null where there are no conversations.
model::ChatTemplatePtr chat_template_of(const FederationConfig& config, const Workload& work,
                                        const model::TokenizerPtr& tokenizer,
                                        const std::function<void(const std::string&)>& log) {
  if (std::all_of(work.examples.begin(), work.examples.end(),
                  [](const partition::Example& example) { return example.turns.empty(); })) {
    return nullptr;
  }
  auto chat = model::load_chat_template(config.encoding.chat_template.string(), config.model.path,
                                        tokenizer, work.shape.end());
  log("conversations are written with " + chat->place());
  return chat;
}

/// Gives the label_noise attackers their wrong targets, in `examples` and in `encoded`.
void poison(Workload& work, const FederationConfig& config,
            const std::function<void(const std::string&)>& log) {
  const std::size_t clients = work.client_examples.size();
  if (attacks_tiers(config))
    work.devices = deal_devices(config, clients, model::train_flops_per_token(work.shape));
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
    encoded->replace(index, sequence->tokens, sequence->labels, sequence->context_tokens);
    auto& turns = work.examples[index].turns;
    if (!turns.empty()) turns.back().content = target;
    work.examples[index].target = std::move(target);
  }
  work.encoded = std::move(encoded);
  log("gave " + std::to_string(poisoned.size() - too_long) + " training examples wrong targets" +
      (too_long == 0 ? "" : "; " + std::to_string(too_long) + " would have become too long"));
}

}  // namespace

Workload prepare_workload(const FederationConfig& config,
                          const std::function<void(const std::string&)>& log,
                          const std::function<void(const std::string&)>& warning) {
  Workload work;
  work.shape = model::read_shape(config.model.path / "config.json");
  const auto tokenizer = model::Tokenizer::load(config.model.path);

  auto split = read_split(config, work.examples, log, warning);
  const std::size_t seen = seen_in_training(work.examples, split);
  if (seen > 0) {
    warning(std::to_string(seen) + " of " + std::to_string(split.test.size()) +
            " test examples stand word for word in the training data: the evaluation set is seen "
            "in training");
  }
  partition::degrade(work.examples, split.train, config.data.degrade, config.seed);

  auto encoding = config.encoding;
  if (encoding.prompt_template == encoding.kUsualTemplate) {
    encoding.prompt_template = partition::find_format(config.data.format).prompt_template;
  }
  for (const auto& line : tokenizer->warnings())
    warning(line);
  work.encoder = std::make_shared<const model::ExampleEncoder>(
      tokenizer, encoding, work.shape, chat_template_of(config, work, tokenizer, log));
  for (const auto& line : work.encoder->warnings())
    warning(line);
  auto encoded = model::encode_examples(work.examples, *work.encoder);
  work.encoding = std::move(encoded.report);
  work.encoded = std::make_shared<const model::EncodedData>(std::move(encoded.data));
  remove_dropped(split.train, work.encoding.dropped_examples);
  remove_dropped(split.test, work.encoding.dropped_examples);
  if (work.encoding.refused > 0) {
    warning("the chat template refuses " + std::to_string(work.encoding.refused) + " of " +
            std::to_string(work.examples.size()) +
            " conversations, which were left out; the first: " + work.encoding.first_refusal);
  }
  if (work.encoding.unlabelled > 0) {
    warning(
        "answers that are not the last of their conversation and are not found in what the "
        "chat template makes of it, so that they are no labels: " +
        std::to_string(work.encoding.unlabelled));
  }
  if (split.train.empty() || split.test.empty()) {
    throw InputError(
        config.data.path.string(),
        "no " + std::string(split.train.empty() ? "training" : "test") +
            " example fits into data.max_tokens = " + std::to_string(config.encoding.max_tokens) +
            (work.encoding.refused == 0 ? "" : " and is one that the chat template takes"));
  }
  if (work.encoding.dropped > 0) {
    warning(std::to_string(work.encoding.dropped) + " of " + std::to_string(work.examples.size()) +
            " examples do not fit into data.max_tokens = " +
            std::to_string(config.encoding.max_tokens) + " and were left out");
  }
  log("read " + std::to_string(work.examples.size()) + " examples (" +
      std::to_string(split.train.size()) + " for training, " + std::to_string(split.test.size()) +
      std::string(config.data.test_path.empty() ? " held out by group; " : " to test on; ") +
      std::to_string(work.encoding.truncated) + " cut to " +
      std::to_string(config.encoding.max_tokens) + " tokens)");

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
    return model::count_tokens(*tokenizer, example.context);
  };
  work.partition =
      partition::make_partition(work.examples, split.train, config.partition, config.seed, count);
  work.statistics = partition::measure_partition(work.partition);
  for (const auto& note : work.partition.notes)
    warning(note);
  for (const auto& part : work.partition.clients) {
    auto [train, test] =
        partition::split_locally(work.examples, part, config.evaluation.local_share);
    work.client_examples.push_back(std::make_shared<const Indices>(std::move(train)));
    if (config.evaluation.local_share > 0.0) work.local_test.push_back(std::move(test));
  }
  if (!config.faults.attackers.empty()) poison(work, config, log);
  return work;
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
