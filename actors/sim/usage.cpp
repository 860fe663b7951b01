#include "actors/sim/usage.hpp"

#include <algorithm>
#include <array>

namespace lorafleet::sim {

namespace {

constexpr double kBytesPerGb = 1e9;

using Phases = std::array<VirtualDuration, kPhases>;

/// The part of each phase that lies before `end`, for a job without pauses.
Phases before(const Phases& phases, VirtualDuration end) {
  Phases parts{};
  for (std::size_t i = 0; i < kPhases; ++i) {
    parts[i] = std::min(phases[i], end);
    end = end - parts[i];
  }
  return parts;
}

__extension__ using Wide = unsigned __int128;  // bytes times microseconds

std::int64_t part_of(std::int64_t bytes, VirtualDuration done, VirtualDuration whole) {
  const auto part = std::clamp(done, VirtualDuration{}, whole);
  return static_cast<std::int64_t>(static_cast<Wide>(bytes) * static_cast<Wide>(part.microseconds) /
                                   static_cast<Wide>(whole.microseconds));
}

}  // namespace

const char* name(JobPhase phase) {
  switch (phase) {
    case JobPhase::download:
      return "download";
    case JobPhase::compute:
      return "compute";
    case JobPhase::upload:
      return "upload";
    case JobPhase::complete:
      return "complete";
  }
  return "";
}

JobUsage job_usage(const JobLoad& load, const JobTiming& timing, VirtualTime start,
                   VirtualTime until, const Hindrances& met, const JobPrices& prices) {
  JobUsage usage;
  if (timing.absent || until <= start) return usage;
  usage.busy = std::min(until - start, timing.end);
  const VirtualDuration downloaded = timing.down;
  const VirtualDuration computed = downloaded + timing.compute;
  const VirtualDuration uploaded = computed + timing.up;
  usage.phase = usage.busy < downloaded ? JobPhase::download
                : usage.busy < computed ? JobPhase::compute
                : usage.busy < uploaded ? JobPhase::upload
                                        : JobPhase::complete;
  const Phases work = {timing.waited + timing.work.down, timing.work.compute, timing.work.up};
  const Phases active = met.online != nullptr
                            ? follow(work, start, met, {start + usage.busy}).active
                            : before({timing.down, timing.compute, timing.up}, usage.busy);
  usage.computing = active[kComputePhase];
  usage.bytes_down = usage.phase != JobPhase::download
                         ? load.bytes_down
                         : part_of(load.bytes_down, active[0] - timing.waited, timing.work.down);
  usage.bytes_up = usage.phase == JobPhase::complete
                       ? load.bytes_up
                       : part_of(load.bytes_up, active[2], timing.work.up);
  const double hours = (active[0] + active[1] + active[2]).seconds() / kSecondsPerHour;
  const auto bytes = static_cast<double>(usage.bytes_down + usage.bytes_up);
  usage.joules = prices.watts * usage.computing.seconds();
  usage.cost = prices.cost_per_hour * hours + prices.cost_per_gb * bytes / kBytesPerGb;
  return usage;
}

}  // namespace lorafleet::sim
