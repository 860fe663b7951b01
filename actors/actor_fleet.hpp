#pragma once

#include <caf/fwd.hpp>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/run_observer.hpp"
#include "actors/head_setup.hpp"
#include "actors/slot_board.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/training/trainer.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::actors {

/// What a fleet of actors is made of. Nothing here knows how training or scoring works.
struct FleetParts {
  FederationConfig config;
  std::shared_ptr<const model::Trainer> trainer;
  std::shared_ptr<const model::Scorer> scorer;
  std::vector<IndicesPtr> client_examples;  ///< by ClientId
  FederationParts federation;
  std::shared_ptr<RunObserver> observer;
  std::size_t slots = 1;
  std::size_t jobs_of_slot = 1;
  /// True in production: slots and evaluator have threads of their own. False: all actors share the
  /// scheduler, so that a test can choose the order of their steps.
  bool detached = true;
  std::size_t workers = 2;  ///< threads of the scheduler
  std::shared_ptr<CheckpointStore> checkpoints = nullptr;
  std::shared_ptr<const RunCheckpoint> resumed = nullptr;
  std::shared_ptr<const HeadSetup> head = nullptr;  ///< null: all slots are in this process
  std::shared_ptr<SlotBoard> slot_board = nullptr;  ///< for as many as `slots`
};

/// What a finished run leaves.
struct RunEnd {
  model::AdapterPtr adapter;
  RunTotals totals;
  ClientsOwn clients = {};
};

/// The actors of one run in one process: aggregator, evaluator, host, slots and a client for each
/// part of the data.
class ActorFleet {
 public:
  ActorFleet(caf::actor_system& system, const FleetParts& parts);
  ~ActorFleet();
  ActorFleet(const ActorFleet&) = delete;
  ActorFleet& operator=(const ActorFleet&) = delete;

  /// Begins the run. Exactly one of the two is called from an actor's thread when it is over.
  void start(std::function<void(RunEnd)> finished, std::function<void(std::string)> failed);
  /// Thread-safe: ends the run at the current virtual time.
  void interrupt();

 private:
  struct Actors;
  std::unique_ptr<Actors> actors_;
};

/// Runs a fleet to its end in a CAF system of its own, whose threads are set to `threads` intra-op
/// threads; `stop` interrupts it. Throws RuntimeFailure where it failed.
RunEnd run_fleet(const FleetParts& parts, int threads, std::stop_token stop);

}  // namespace lorafleet::actors
