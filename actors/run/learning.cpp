#include "actors/run/learning.hpp"

#include <algorithm>

#include "actors/run/attackers.hpp"
#include "actors/run/client_limits.hpp"
#include "actors/run/devices.hpp"
#include "actors/run/run_scorer.hpp"
#include "actors/run/slot_jobs.hpp"
#include "actors/run/trainers/compressing_trainer.hpp"
#include "actors/run/trainers/faulty_trainer.hpp"
#include "actors/run/trainers/private_factor_trainer.hpp"
#include "actors/run/trainers/surrogate.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/messages/compression.hpp"
#include "model/adapter/class_names.hpp"
#include "model/adapter/client_layouts.hpp"
#include "model/adapter/starting_adapter.hpp"
#include "model/device/device_name.hpp"
#include "model/device/runtime_info.hpp"
#include "model/network/flops.hpp"
#include "model/network/quantization/quantization_choice.hpp"
#include "model/text/class_agreement.hpp"
#include "model/training/batching.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors {

namespace {

/// What lies between honest training and the server: private factors, attackers, compression.
std::shared_ptr<const model::Trainer> decorated(std::shared_ptr<const model::Trainer> trainer,
                                                const FederationConfig& config,
                                                const Learning& learning) {
  const auto& entry = strategy::lora_rules().at(config.aggregation.lora);
  const std::shared_ptr<const strategy::LoraRule> rule = entry.make(config.aggregation);
  if (entry.needs_private_b) {
    trainer = std::make_shared<const PrivateFactorTrainer>(std::move(trainer));
  }
  auto attackers = make_attackers(config, learning.clients(), learning.devices.get());
  if (!attackers.empty()) {
    trainer = std::make_shared<const FaultyTrainer>(std::move(trainer), std::move(attackers));
  }
  if (const auto up = strategy::uplink_codec(config.network)) {
    trainer = std::make_shared<const CompressingTrainer>(
        std::move(trainer), up, config.network.error_feedback,
        [rule](const model::TrainJob& job) { return rule->carries({job.version}); });
  }
  return trainer;
}

Learning surrogate_learning(const FederationConfig& config) {
  Learning learning;
  const auto layout = surrogate_layout(config);
  const auto surrogate = std::make_shared<const Surrogate>(config, layout);
  learning.client_examples.resize(static_cast<std::size_t>(config.partition.clients));
  learning.federation.sizer = [surrogate](sim::JobId job) {
    return surrogate->size(job.client.value);
  };
  // A token costs what the values of the adapter do: only tiers in teraflops ask.
  learning.federation.train_flops_per_token = 6.0 * static_cast<double>(layout->size());
  learning.federation.initial = std::make_shared<const model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.0f)});
  learning.federation.message_bytes = config.surrogate.message_bytes;
  learning.devices =
      deal_devices(config, learning.clients(), learning.federation.train_flops_per_token);
  learning.trainer = make_surrogate_trainer(surrogate);
  learning.scorer = make_surrogate_scorer(surrogate);
  return learning;
}

/// Each client's layout, by [lora] ranks, its tier or its row of the device file.
model::ClientLayouts layouts_of(const FederationConfig& config, const Workload& work,
                                const sim::Fleet& devices) {
  model::ClientsOfRanks clients;
  clients.count = devices.clients();
  for (std::size_t c = 0; c < devices.clients(); ++c) {
    const auto& profile = devices.profile({static_cast<std::uint32_t>(c)});
    clients.tiers.push_back(devices.tier_names()[profile.tier]);
    clients.explicit_ranks.push_back(profile.rank);
  }
  return model::client_layouts(work.shape, config.lora, clients, config.seed);
}

/// Ranks may come from a device file, so only now is it known whether the rule can fold them.
void check_ranks(const FederationConfig& config, const model::ClientLayouts& layouts) {
  if (layouts.distinct.size() < 2 || strategy::lora_rules().at(config.aggregation.lora).any_ranks) {
    return;
  }
  const auto able = strategy::lora_rules().names_where(
      [](const strategy::LoraRuleEntry& rule) { return rule.any_ranks; });
  throw InputError("aggregation.lora", "\"" + config.aggregation.lora +
                                           "\" needs clients of equal rank; allowed with unequal "
                                           "ones: " +
                                           join(able));
}

/// Tells again what reading the data had to tell.
void replay(const ReadData& data, const Note& log, const Note& warning) {
  for (const auto& line : data.lines)
    (line.warning ? warning : log)(line.text);
}

Workload workload_of(const FederationConfig& config, const Note& log, const Note& warning,
                     const SharedRuns& shared) {
  if (!shared.cache) return prepare_workload(config, log, warning);
  bool fresh = false;
  const auto data = shared.cache->data(shared.data_key, [&] {
    fresh = true;
    return read_data(config, log, warning);
  });
  if (!fresh) replay(*data, log, warning);
  return prepare_workload(config, *data, log, warning);
}

/// "loaded the base from DIR", and where it is, if that is several places.
std::string loaded_line(const FederationConfig& config, const std::vector<std::string>& devices) {
  std::string line = "loaded the base from " + config.model.path.string();
  const std::string& held = config.model.quantization;
  if (held != name_of(model::Quantization::none)) line += " in " + held;
  return devices.size() == 1 ? line : line + " on each of " + join(devices);
}

std::vector<model::BaseModelPtr> bases_of(const FederationConfig& config,
                                          const std::vector<std::string>& devices,
                                          const SharedRuns& shared) {
  const auto load = [&] {
    check_base_fits(config, devices);
    return model::load_bases(config.model, devices);
  };
  return shared.cache ? shared.cache->bases(config.model, devices, load) : load();
}

Learning real_learning(const FederationConfig& config, const std::vector<std::string>& devices,
                       const Note& log, const Note& warning, const SharedRuns& shared) {
  Learning learning;
  const auto work = std::make_shared<const Workload>(workload_of(config, log, warning, shared));
  learning.work = work;
  learning.client_examples = work->client_examples;
  check_client_limits(config, learning.clients());
  const double flops = model::train_flops_per_token(work->shape);
  learning.devices = work->devices
                         ? work->devices
                         : deal_devices(config, *work->encoded, work->client_examples, flops);
  const auto layouts = layouts_of(config, *work, *learning.devices);
  learning.federation.train_flops_per_token = flops;
  learning.federation.layouts = layouts.of_client;
  learning.federation.initial = std::make_shared<const model::Adapter>(model::starting_adapter(
      layouts.server, work->shape, config.lora, config.model.path, config.seed, warning));
  if (const auto& from = config.lora.init_adapter; !from.empty()) {
    const auto differs = model::disagreement(model::load_class_names(from), work->classes);
    if (!differs.empty()) warning("the classifier of " + from.string() + ' ' + differs);
  }
  check_ranks(config, layouts);
  learning.federation.sizer = [work, train_config = config.train,
                               seed = config.seed](sim::JobId job) {
    return model::job_size(*work->encoded, *work->client_examples[job.client.value], train_config,
                           seed, job.client.value, job.seq.value);
  };
  if (devices.empty()) return learning;
  learning.bases = bases_of(config, devices, shared);
  learning.base_devices = devices;
  log(loaded_line(config, devices));
  learning.trainer = model::make_lora_trainer(
      learning.bases, work->encoded, config.lora, config.train,
      strategy::lora_rules().make(config.aggregation.lora, config.aggregation)->penalty(), warning);
  learning.scorer = make_run_scorer(config, *work, learning.bases.front());
  return learning;
}

}  // namespace

std::int64_t Learning::examples(std::size_t client) const {
  return federation.sizer({{static_cast<std::uint32_t>(client)}, {1}}).examples;
}

std::int64_t Learning::rank(std::size_t client) const {
  const auto& layout =
      federation.layouts.empty() ? federation.initial->layout : federation.layouts[client];
  std::int64_t rank = 0;
  for (const auto& module : layout->modules())
    rank = std::max(rank, module.rank);
  return rank;
}

std::int64_t Learning::largest_device_rank() const {
  std::int64_t largest = 0;
  for (std::size_t c = 0; c < clients(); ++c)
    largest = std::max(largest, devices->profile({static_cast<std::uint32_t>(c)}).rank);
  return largest;
}

std::shared_ptr<sim::World> make_world(const FederationConfig& config, const Learning& learning) {
  return std::make_shared<sim::World>(config.devices, config.network, config.availability,
                                      learning.devices, config.seed);
}

std::string fingerprint(const FederationConfig& config, const Learning& learning) {
  Sha256 hash;
  hash.update(std::to_string(config.seed) + ' ' + std::to_string(learning.clients()) + '\n');
  if (learning.work) hash.update(manifest_of(config, *learning.work));
  hash.update(model::sha256(*learning.federation.initial));
  if (!model::is_cpu(config.slots.device))
    hash.update(model::runtime_info(config.slots.device).device);
  for (const auto& layout : learning.federation.layouts) {
    for (const auto& module : layout->modules())
      hash.update(std::to_string(module.rank) + ' ');
  }
  return hash.hex();
}

Learning prepare_learning(const FederationConfig& config, const std::vector<std::string>& devices,
                          const Note& log, const Note& warning, const SharedRuns& shared) {
  Learning learning = has_base(config) ? real_learning(config, devices, log, warning, shared)
                                       : surrogate_learning(config);
  learning.federation.clients = learning.clients();
  learning.federation.reports_folds = has_base(config);  // nothing of another kind is LoRA
  learning.honest = learning.trainer;
  if (!devices.empty()) learning.trainer = decorated(learning.trainer, config, learning);
  return learning;
}

}  // namespace lorafleet::actors
