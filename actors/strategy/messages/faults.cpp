#include "actors/strategy/messages/faults.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/adapter/factor_tensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::strategy {
namespace {

/// Apart from the jobs' numbers, which count up from 1, and from partition/poison.cpp's.
constexpr std::uint64_t kPermutation = std::numeric_limits<std::uint64_t>::max();

void require(bool holds, const char* key, const char* allowed) {
  if (!holds) throw InputError(std::string("faults.attackers.") + key, allowed);
}

Attack checked(const AttackerConfig& config) {
  const AttackKind& kind = attack_kinds().at(config.attack);
  require(config.share >= 0.0 && config.share <= 1.0, "share", "must be between 0 and 1");
  require(config.examples >= 0.0 && config.examples <= 1.0, "examples", "must be between 0 and 1");
  require(config.scale >= 0.0 && std::isfinite(config.scale), "scale",
          "must be a number of at least 0");
  require(config.deviation >= 0.0 && std::isfinite(config.deviation), "deviation",
          "must be a number of at least 0");
  require(config.from_version >= 0, "from_version", "must be at least 0");
  return {&kind, config.scale, config.deviation, config.examples,
          static_cast<std::uint64_t>(config.from_version)};
}

/// start + factor (trained - start), value by value.
void scale_change(const model::Adapter& start, model::Adapter& trained, double factor) {
  for (std::size_t i = 0; i < trained.values.size(); ++i) {
    const double from = start.values[i];
    trained.values[i] = static_cast<float>(from + factor * (trained.values[i] - from));
  }
}

template <typename Visit>
void for_each_trained(const model::TrainJob& job, const model::Adapter& adapter, Visit visit) {
  for (const model::TensorRange& tensor : model::factor_tensors(*adapter.layout, job.trains)) {
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i)
      visit(i);
  }
}

void add_noise(const model::TrainJob& job, model::Adapter& adapter, double deviation) {
  Random random(job.run_seed, Purpose::fault, job.client, job.seq);
  for_each_trained(job, adapter, [&](std::size_t i) {
    adapter.values[i] = static_cast<float>(adapter.values[i] + deviation * random.normal());
  });
}

double rms_of_change(const model::TrainJob& job, const model::Adapter& trained) {
  double sum = 0.0;
  double count = 0.0;
  for_each_trained(job, trained, [&](std::size_t i) {
    const double d = static_cast<double>(trained.values[i]) - job.start->values[i];
    sum += d * d;
    count += 1.0;
  });
  return count > 0.0 ? std::sqrt(sum / count) : 0.0;
}

}  // namespace

const Registry<AttackKind>& attack_kinds() {
  static const Registry<AttackKind> kRegistry(
      "faults.attackers.attack",
      {{.name = "sign_flip",
        .keys = {"scale", "from_version"},
        .corrupt =
            [](const Attack& attack, const model::TrainJob& job, model::Adapter& trained) {
              scale_change(*job.start, trained, -attack.scale);
            }},
       {.name = "noise",
        .keys = {"scale", "from_version"},
        .corrupt =
            [](const Attack& attack, const model::TrainJob& job, model::Adapter& trained) {
              add_noise(job, trained, attack.scale * rms_of_change(job, trained));
            }},
       {.name = "scale",
        .keys = {"scale", "from_version"},
        .idle_scale = 1.0,
        .corrupt =
            [](const Attack& attack, const model::TrainJob& job, model::Adapter& trained) {
              scale_change(*job.start, trained, attack.scale);
            }},
       {.name = "nan",
        .keys = {"from_version"},
        .corrupt =
            [](const Attack&, const model::TrainJob& job, model::Adapter& trained) {
              for_each_trained(job, trained, [&](std::size_t i) {
                trained.values[i] = std::numeric_limits<float>::quiet_NaN();
              });
            }},
       {.name = "free_rider", .keys = {"deviation", "from_version"}, .trains = false},
       {.name = "label_noise", .keys = {"examples"}, .spoils_labels = true}});
  return kRegistry;
}

Attackers::Attackers(const FaultsConfig& faults, std::size_t clients, std::uint64_t run_seed,
                     const TierOf& tier_of) {
  if (faults.attackers.empty()) return;
  std::vector<std::uint32_t> permutation(clients);
  std::iota(permutation.begin(), permutation.end(), 0U);
  Random(run_seed, Purpose::fault, 0, kPermutation).shuffle(permutation);

  std::vector<AttackerConfig> entries = faults.attackers;
  std::stable_partition(entries.begin(), entries.end(),
                        [](const auto& entry) { return !entry.tier.empty(); });
  for (const AttackerConfig& entry : entries) {
    const Attack attack = checked(entry);
    std::size_t concerned = 0;
    std::vector<std::uint32_t> honest;
    for (const std::uint32_t client : permutation) {
      if (!entry.tier.empty() && tier_of({client}) != entry.tier) continue;
      ++concerned;
      if (!attacks_.contains(client)) honest.push_back(client);
    }
    const auto count =
        static_cast<std::size_t>(std::llround(entry.share * static_cast<double>(concerned)));
    // Each entry may have been rounded up by half a client.
    if (count > honest.size() + entries.size()) {
      throw InputError("faults.attackers", "the shares sum to more than all clients" +
                                               (entry.tier.empty() ? "" : " of " + entry.tier));
    }
    for (std::size_t i = 0; i < std::min(count, honest.size()); ++i)
      attacks_[honest[i]] = attack;
  }
}

const Attack* Attackers::attack_of(sim::ClientId client) const {
  const auto found = attacks_.find(client.value);
  return found == attacks_.end() ? nullptr : &found->second;
}

std::vector<sim::ClientId> Attackers::clients() const {
  std::vector<sim::ClientId> clients;
  for (const auto& [client, attack] : attacks_)
    clients.push_back({client});
  std::sort(clients.begin(), clients.end());
  return clients;
}

model::TrainResult corrupt(const Attack& attack, const model::TrainJob& job,
                           model::TrainResult honest) {
  if (attack.kind->corrupt != nullptr) attack.kind->corrupt(attack, job, honest.adapter);
  return honest;
}

model::TrainResult free_ride(const Attack& attack, const model::TrainJob& job,
                             const model::JobSize& size) {
  model::TrainResult result{*job.start, {}};
  result.stats.examples = size.examples;
  if (attack.deviation > 0.0) add_noise(job, result.adapter, attack.deviation);
  return result;
}

}  // namespace lorafleet::strategy
