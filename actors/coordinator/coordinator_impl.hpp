#pragma once
// Internal to actors/coordinator*.cpp.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "actors/coordinator/client_messages.hpp"
#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/coordinator_state.hpp"
#include "actors/coordinator/job_table.hpp"
#include "actors/coordinator/run_status.hpp"
#include "actors/sim/client_set.hpp"
#include "actors/sim/event_queue.hpp"
#include "actors/sim/world.hpp"
#include "actors/strategy/fold/aggregator.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/robust/robust.hpp"
#include "actors/strategy/selection/selection.hpp"

namespace lorafleet::actors {

/// A lane at work: LaneState, with its clients as a set.
struct Lane : LaneProgress {
  explicit Lane(std::size_t clients) : eligible(clients) {}
  sim::ClientSet eligible;  ///< have examples, no job, and are online
};

/// The jobs that `hand_out` is about; a member for the sake of its memory.
struct HandingOut {
  std::vector<Job> orders;
  std::vector<strategy::PlannedJob> planned;
  std::vector<JobDispatched> dispatched;
};

struct Coordinator::State final : strategy::SelectionView, CoordinatorProgress {
  State(const FederationConfig& config_, FederationParts parts_, CoordinatorEffects& effects_);

  // What the selection may ask.
  [[nodiscard]] std::int64_t examples(sim::ClientId client) const override {
    return parts.sizer({client, {1}}).examples;
  }
  [[nodiscard]] std::int64_t most_examples() const override { return most; }
  [[nodiscard]] double expected_seconds(sim::ClientId client) const override;
  [[nodiscard]] sim::Version version() const override { return current; }
  [[nodiscard]] sim::VirtualTime now() const override { return totals.time; }

  void assign_lanes();
  void run(Coordinator& self);
  void stop(const char* reason);

  void publish();
  void invite_all();
  void invite(Lane& lane);
  std::vector<sim::ClientId> choose(Lane& lane, std::size_t count);
  void hand_out(Lane& lane, const std::vector<sim::ClientId>& clients);
  void order(const Job& job);
  bool step();
  void move_to(sim::VirtualTime time);
  void end_job(Job& job);
  sim::JobUsage settle(const Job& job);
  void arrive(Lane& lane, Job job);
  bool fold(Lane& lane);
  void close_round(Lane& lane);
  void give_up_on_stale();
  void count_failure(Lane& lane);
  void count_without_progress();
  void free_client(sim::ClientId client);
  void observe(const Job& job, std::optional<double> loss);

  void record(decltype(Event::what) what) { effects.record({totals.time, std::move(what)}); }
  /// A job that ends without an update.
  void drop(const Job& job, const char* why) {
    ++totals.updates_dropped;
    ++totals.jobs_lost;
    const sim::JobUsage used = settle(job);
    record(UpdateLost{job.id(), job.version, why, used});
  }
  /// An update that has arrived.
  void refuse(sim::JobId id, sim::Version from, const char* why) {
    ++totals.updates_dropped;
    record(UpdateLost{id, from, why});
  }
  [[nodiscard]] bool too_stale(sim::Version from) const {
    const std::int64_t limit = config.aggregation.max_staleness;
    return limit >= 0 && current.value - from.value > static_cast<std::uint64_t>(limit);
  }
  [[nodiscard]] bool has_examples(sim::ClientId client) const {
    return with_examples.empty() || with_examples[client.value];
  }
  Lane& lane_of(sim::ClientId client) {
    return lanes[lane_numbers.empty() ? 0 : lane_numbers[client.value]];
  }
  [[nodiscard]] std::uint16_t number_of(const Lane& lane) const {
    return static_cast<std::uint16_t>(&lane - lanes.data());
  }

  FederationConfig config;
  FederationParts parts;
  CoordinatorEffects& effects;
  sim::World& world;
  const strategy::Mode& mode;
  std::unique_ptr<strategy::Policy> policy;
  std::unique_ptr<strategy::Selection> selection;
  strategy::Aggregator aggregator;
  strategy::Robust robust;
  ClientMessages messages;
  std::optional<sim::VirtualTime> time_limit;
  std::int64_t most = 0;                    ///< examples of a client
  std::vector<bool> with_examples;          ///< empty: all have some
  std::vector<std::uint16_t> lane_numbers;  ///< by client; empty: one lane

  std::vector<Lane> lanes;
  JobTable jobs;
  HandingOut handing_out;
  sim::EventQueue ends;
  std::deque<sim::JobId> by_age;  ///< jobs that may become too stale, oldest first
  bool made_version = false;      ///< since the last version_boundary
  bool started = false;
  bool running = false;  ///< inside run(): effects may call deliver() at once
  bool finished = false;
};

}  // namespace lorafleet::actors
