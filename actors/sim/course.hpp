#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "actors/sim/time/timeline.hpp"
#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::sim {

/// Down, compute, up.
inline constexpr std::size_t kPhases = 3;
inline constexpr std::size_t kComputePhase = 1;

/// What a job meets on its way. A timeline that is nullptr hinders nothing.
struct Hindrances {
  std::uint32_t client = 0;
  const Timeline* online = nullptr;  ///< off: the job is paused
  Period online_period;              ///< the one of the start
  const Timeline* slow = nullptr;    ///< on: computing takes `slow_factor` times as long
  Period slow_period;                ///< one that is not after the start
  double slow_factor = 1.0;
};

/// When to stop early.
struct CourseLimits {
  VirtualTime stop = kNever;
  double computing_us = std::numeric_limits<double>::infinity();  ///< spent computing
};

/// A job's way through pauses and slow-down episodes.
struct Course {
  /// From the end of the phase before, pauses too; of a stranded job's phases that never end, 1e9
  /// s.
  std::array<VirtualDuration, kPhases> elapsed{};
  std::array<VirtualDuration, kPhases> active{};  ///< without pauses
  VirtualTime end;
  bool done = false;      ///< else `end` is where it stopped
  bool stranded = false;  ///< paused for ever: its client left at `end` and comes back never, or
                          ///< after more than a million pauses or 1e9 s
};

/// Integrates the work over time from `start`: transfers go on at rate 1 while the client is
/// online, computing at rate 1 or, in an episode, 1 / slow_factor; nothing goes on while it is
/// offline. Phases end on whole microseconds; without an episode in the way the result is exact.
Course follow(const std::array<VirtualDuration, kPhases>& work, VirtualTime start,
              const Hindrances& hindrances, const CourseLimits& limits = {});

}  // namespace lorafleet::sim
