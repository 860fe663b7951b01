#pragma once

#include <cstdint>
#include <string>

#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::actors {

/// Totals of a run; keys of summary.json have the same names. While it runs, `jobs` is the sum of
/// updates_applied, updates_dropped, and the jobs that are on their way or arrived and wait; when
/// it is over, these are jobs_in_flight_at_end and updates_waiting_at_end.
struct RunTotals {
  std::uint64_t versions = 0;
  std::int64_t jobs = 0;
  std::int64_t updates_received = 0;  ///< arrived trained, whether or not they were applied
  std::int64_t updates_applied = 0;
  std::int64_t updates_dropped = 0;        ///< jobs_lost, and updates that arrived and were refused
  std::int64_t jobs_lost = 0;              ///< that ended before the run without an update
  std::int64_t jobs_in_flight_at_end = 0;  ///< that the end of the run stopped
  std::int64_t updates_waiting_at_end = 0;  ///< arrived, and not folded before the end
  std::int64_t rounds_failed = 0;
  std::int64_t updates_not_finite = 0;
  std::int64_t updates_clipped = 0;
  std::int64_t updates_rejected = 0;  ///< by a robust rule
  std::int64_t train_tokens = 0;      ///< of the updates received
  // Of all jobs that have ended, however they did, until their ends; see sim::JobUsage.
  std::int64_t bytes_down = 0;
  std::int64_t bytes_up = 0;
  sim::VirtualDuration busy;
  sim::VirtualDuration computing;
  double joules = 0.0;
  double cost = 0.0;
  sim::VirtualTime time;
  std::string stop_reason;  ///< empty while running

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("versions", self.versions);
    visit("jobs", self.jobs);
    visit("updates_received", self.updates_received);
    visit("updates_applied", self.updates_applied);
    visit("updates_dropped", self.updates_dropped);
    visit("jobs_lost", self.jobs_lost);
    visit("jobs_in_flight_at_end", self.jobs_in_flight_at_end);
    visit("updates_waiting_at_end", self.updates_waiting_at_end);
    visit("updates_not_finite", self.updates_not_finite);
    visit("updates_clipped", self.updates_clipped);
    visit("updates_rejected", self.updates_rejected);
    visit("rounds_failed", self.rounds_failed);
    visit("virtual", self.time);
    visit("train_tokens", self.train_tokens);
    visit("bytes_down", self.bytes_down);
    visit("bytes_up", self.bytes_up);
    visit("busy", self.busy);
    visit("computing", self.computing);
    visit("joules", self.joules);
    visit("cost", self.cost);
    visit("stop_reason", self.stop_reason);
  }
};

}  // namespace lorafleet::actors
