#pragma once

#include <cstdint>

#include "actors/sim/course.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "actors/sim/timing.hpp"

namespace lorafleet::sim {

/// Where a job is. Waiting for the server's uplink belongs to the download.
enum class JobPhase : std::uint8_t { download, compute, upload, complete };

/// "download", "compute", "upload", "complete".
const char* name(JobPhase phase);

/// What computing and transfers are charged at.
struct JobPrices {
  double watts = 0.0;  ///< while computing
  double cost_per_hour = 0.0;
  double cost_per_gb = 0.0;
};

/// What a job has come to at some moment.
struct JobUsage {
  JobPhase phase = JobPhase::download;  ///< at that moment; at a border the later one
  VirtualDuration busy;                 ///< since the dispatch: waiting and pauses too
  VirtualDuration computing;            ///< without pauses
  std::int64_t bytes_down = 0;          ///< that are through
  std::int64_t bytes_up = 0;
  double joules = 0.0;
  double cost = 0.0;
  friend bool operator==(const JobUsage&, const JobUsage&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("phase", self.phase);
    amounts(self, visit);
  }
  /// Without the phase: of jobs that are complete.
  template <typename Self, typename Visitor>
  static void amounts(Self& self, Visitor&& visit) {
    visit("busy", self.busy);
    visit("computing", self.computing);
    visit("bytes_down", self.bytes_down);
    visit("bytes_up", self.bytes_up);
    visit.unless_0("joules", self.joules);
    visit.unless_0("cost", self.cost);
  }
};

/// Adds what a job came to, its phase aside, to sums that have the same names.
template <typename Sums>
void charge(Sums& sums, const JobUsage& used) {
  sums.busy = sums.busy + used.busy;
  sums.computing = sums.computing + used.computing;
  sums.bytes_down += used.bytes_down;
  sums.bytes_up += used.bytes_up;
  sums.joules += used.joules;
  sums.cost += used.cost;
}

/// What a job that was dispatched at `start` has come to at `until`, or at its own end where that
/// came before; nothing later counts. `timing` is what World::predict said, `met` what hinders the
/// client from `start` on.
///
///     bytes  = all of a message whose transfer is over by then; else the part by time, rounded
///              down, of the transfer's active time (waiting for the uplink and pauses are none)
///     joules = watts * (seconds of computing)
///     cost   = cost_per_hour * (hours that the job was active) + cost_per_gb * bytes / 1e9
///
/// Pure. What happens at this very moment has happened: a transfer that ends at `until` is over.
JobUsage job_usage(const JobLoad& load, const JobTiming& timing, VirtualTime start,
                   VirtualTime until, const Hindrances& met, const JobPrices& prices);

}  // namespace lorafleet::sim
