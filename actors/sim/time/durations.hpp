#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::sim {

inline constexpr double kShortestSeconds = 1e-6;
inline constexpr double kLongestSeconds = 1e9;

/// The end of what does not end.
inline constexpr VirtualTime kNever{std::numeric_limits<std::int64_t>::max()};

/// `seconds`, rounded to microseconds, but 1 us to 1e9 s, so that nothing takes no time and no
/// clock overflows. NaN counts as the shortest.
inline VirtualDuration bounded_duration(double seconds) {
  if (!(seconds > kShortestSeconds)) return {1};
  return VirtualDuration::from_seconds(std::min(seconds, kLongestSeconds));
}

/// `time` + `duration`, or kNever where the sum is too large.
inline VirtualTime later(VirtualTime time, VirtualDuration duration) {
  if (time.microseconds > kNever.microseconds - duration.microseconds) return kNever;
  return time + duration;
}

inline double transfer_seconds(std::int64_t bytes, double mbps) {
  return static_cast<double>(bytes) * 8.0 / (mbps * 1e6);
}

}  // namespace lorafleet::sim
