#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/run/run_cache.hpp"
#include "actors/run/workload.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/world.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/network/base_model.hpp"
#include "model/training/trainer.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::actors {

/// What the clients of a run learn: LoRA on a base and data, or the surrogate.
struct Learning {
  std::shared_ptr<const Workload> work;  ///< null for the surrogate
  /// One on each device; none for the surrogate, and where nothing is trained.
  std::vector<model::BaseModelPtr> bases;
  std::vector<std::string> base_devices;          ///< what these devices are called
  std::shared_ptr<const model::Trainer> trainer;  ///< null where nothing is trained
  std::shared_ptr<const model::Trainer> honest;   ///< without attackers and compression
  std::shared_ptr<const model::Scorer> scorer;    ///< null where nothing is trained
  std::vector<IndicesPtr> client_examples;        ///< by client
  FederationParts federation;
  std::shared_ptr<const sim::Fleet> devices;

  [[nodiscard]] std::size_t clients() const { return client_examples.size(); }
  [[nodiscard]] std::int64_t examples(std::size_t client) const;
  [[nodiscard]] std::int64_t rank(std::size_t client) const;  ///< the largest of its modules
  [[nodiscard]] std::int64_t largest_device_rank() const;     ///< 0: the device file gives none
};

/// The world of a run, at time 0: made once, for the warnings before the run and then for its
/// coordinator. Throws InputError.
std::shared_ptr<sim::World> make_world(const FederationConfig& config, const Learning& learning);

/// Reads what a run needs and checks that it fits together. `devices`: where jobs train
/// (training_devices), slot i on the i-th, again from the first after the last; none: sizes only,
/// for a schedule. `shared`: what other runs have read already. Throws InputError.
Learning prepare_learning(const FederationConfig& config, const std::vector<std::string>& devices,
                          const Note& log, const Note& warning, const SharedRuns& shared = {});

/// SHA-256 of the split, the initial adapter, the clients' ranks and what the GPUs are called, if
/// there are any: two processes with equal ones train the same jobs.
std::string fingerprint(const FederationConfig& config, const Learning& learning);

}  // namespace lorafleet::actors
