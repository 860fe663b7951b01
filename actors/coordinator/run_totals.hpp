#pragma once

#include <cstdint>
#include <string>

#include "actors/sim/virtual_time.hpp"

namespace lorafleet::actors {

/// Totals of a run; keys of summary.json have the same names.
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
};

}  // namespace lorafleet::actors
