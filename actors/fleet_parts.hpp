#pragma once

#include <memory>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/run_observer.hpp"
#include "actors/head_setup.hpp"
#include "actors/run/learning.hpp"
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

/// The fleet that trains `learning`, without an observer, checkpoints and a head's hosts; `head` is
/// null where all slots are in this process. Jobs that a GPU has no memory for run fewer at a time:
/// `warning` says so.
FleetParts fleet_parts(const FederationConfig& config, const Learning& learning,
                       const HeadSetup* head, const Note& warning);

}  // namespace lorafleet::actors
