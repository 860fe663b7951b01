#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/job_table.hpp"
#include "actors/sim/world.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/state.hpp"

namespace lorafleet::actors {

/// A finite update that has arrived and is not folded yet.
struct WaitingUpdate {
  sim::JobId id;
  sim::Version version;  ///< trained from
  strategy::Contribution contribution;
  bool carried = false;  ///< from an earlier round
  model::AdapterPtr adapter;
  model::AdapterPtr base;  ///< what the client received
};

/// The open round of a lane.
struct OpenRound {
  sim::VirtualTime end;  ///< arrivals at this very time still belong to it
  std::uint64_t min_updates = 1;
  std::vector<sim::JobId> cohort;  ///< in the order of dispatch
};

/// How far a lane is: a speed tier, or all clients.
struct LaneProgress {
  std::optional<OpenRound> round;
  std::vector<WaitingUpdate> waiting;      ///< in the order of arrival
  std::vector<strategy::FoldItem> latest;  ///< tiered: its last update
  std::uint64_t versions = 0;              ///< that it made
  std::uint64_t in_flight = 0;             ///< jobs that are not carried over
  std::int64_t failed_in_a_row = 0;
};

/// What a coordinator remembers of one lane.
struct LaneState : LaneProgress {
  std::vector<sim::ClientId> eligible;  ///< in the order of the set
};

/// Everything that a coordinator cannot compute again from its configuration, between two steps:
/// the content of a checkpoint. Results of jobs in flight are not part of it: those jobs are
/// trained again.
struct CoordinatorState {
  RunTotals totals;
  sim::Version version;
  sim::Sequence next_seq{1};
  std::uint64_t asked = 0;
  std::int64_t ends_without_progress = 0;
  std::optional<sim::VirtualTime> wake;
  bool awaits_score = false;
  model::AdapterPtr adapter;
  std::vector<Job> jobs;  ///< in the order of dispatch, without results
  std::vector<LaneState> lanes;
  PrivateStates private_states;
  std::map<std::uint32_t, model::LayoutPtr> changed_layouts;  ///< by client
  std::int64_t base_bytes = 0;  ///< that the changes of the base weigh as messages, all together
  std::map<std::uint32_t, std::int64_t> base_bytes_held;  ///< how much of that each client has
  strategy::NamedVectors selection;
  strategy::NamedVectors server_optimizer;
  sim::WorldState world;
};

}  // namespace lorafleet::actors
