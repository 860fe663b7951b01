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

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("version", self.version);
    visit("contribution", self.contribution);
    visit("carried", self.carried);
    visit("adapter", self.adapter);
    visit("base", self.base);
  }
};

/// The open round of a lane.
struct OpenRound {
  sim::VirtualTime end;  ///< arrivals at this very time still belong to it
  std::uint64_t min_updates = 1;
  std::vector<sim::JobId> cohort;  ///< in the order of dispatch

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("end", self.end);
    visit("min_updates", self.min_updates);
    visit("cohort", self.cohort);
  }
};

/// How far a lane is: a speed tier, or all clients.
struct LaneProgress {
  std::optional<OpenRound> round;
  std::vector<WaitingUpdate> waiting;      ///< in the order of arrival
  std::vector<strategy::FoldItem> latest;  ///< tiered: its last update
  std::uint64_t versions = 0;              ///< that it made
  std::uint64_t in_flight = 0;             ///< jobs that are not carried over
  std::int64_t failed_in_a_row = 0;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("round", self.round);
    visit("waiting", self.waiting);
    visit("latest", self.latest);
    visit("versions", self.versions);
    visit("in_flight", self.in_flight);
    visit("failed_in_a_row", self.failed_in_a_row);
  }
};

/// What a coordinator remembers of one lane.
struct LaneState : LaneProgress {
  std::vector<sim::ClientId> eligible;  ///< in the order of the set

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    LaneProgress::fields(self, visit);
    visit("eligible", self.eligible);
  }
};

/// How far a run is: what a coordinator and its checkpoint both have, as it stands.
struct CoordinatorProgress {
  RunTotals totals;
  sim::Version current;  ///< of `adapter`
  sim::Sequence next_seq{1};
  std::uint64_t asked = 0;  ///< clients that were asked whether they are there
  std::int64_t ends_without_progress = 0;
  std::optional<sim::VirtualTime> wake;  ///< somebody may come online then
  bool awaits_score = false;
  model::AdapterPtr adapter;
  PrivateStates private_states;
  std::int64_t base_bytes = 0;  ///< that the changes of the base weigh as messages, all together
  std::map<std::uint32_t, std::int64_t> base_bytes_held;  ///< how much of that each client has

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("totals", self.totals);
    visit("current", self.current);
    visit("next_seq", self.next_seq);
    visit("asked", self.asked);
    visit("ends_without_progress", self.ends_without_progress);
    visit("wake", self.wake);
    visit("awaits_score", self.awaits_score);
    visit("adapter", self.adapter);
    visit("private_states", self.private_states);
    visit("base_bytes", self.base_bytes);
    visit("base_bytes_held", self.base_bytes_held);
  }
};

/// Everything that a coordinator cannot compute again from its configuration, between two steps:
/// the content of a checkpoint. Results of jobs in flight are not part of it: those jobs are
/// trained again.
struct CoordinatorState : CoordinatorProgress {
  std::vector<Job> jobs;  ///< in the order of dispatch, without results
  std::vector<LaneState> lanes;
  std::map<std::uint32_t, model::LayoutPtr> changed_layouts;  ///< by client
  strategy::NamedVectors selection;
  strategy::NamedVectors server_optimizer;
  sim::WorldState world;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    CoordinatorProgress::fields(self, visit);
    visit("jobs", self.jobs);
    visit("lanes", self.lanes);
    visit("changed_layouts", self.changed_layouts);
    visit("selection", self.selection);
    visit("server_optimizer", self.server_optimizer);
    visit("world", self.world);
  }
};

}  // namespace lorafleet::actors
