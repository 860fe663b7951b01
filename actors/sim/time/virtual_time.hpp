#pragma once

#include <cmath>
#include <compare>
#include <cstdint>

namespace lorafleet::sim {

/// A length of simulated time.
struct VirtualDuration {
  std::int64_t microseconds = 0;

  static VirtualDuration from_seconds(double seconds) {
    return {static_cast<std::int64_t>(std::llround(seconds * 1e6))};
  }
  [[nodiscard]] double seconds() const { return static_cast<double>(microseconds) / 1e6; }
  friend auto operator<=>(VirtualDuration, VirtualDuration) = default;
  friend VirtualDuration operator+(VirtualDuration a, VirtualDuration b) {
    return {a.microseconds + b.microseconds};
  }
  friend VirtualDuration operator-(VirtualDuration a, VirtualDuration b) {
    return {a.microseconds - b.microseconds};
  }
};

/// A point in simulated time since the start of the run. Only the coordinator moves it.
struct VirtualTime {
  std::int64_t microseconds = 0;

  [[nodiscard]] double seconds() const { return static_cast<double>(microseconds) / 1e6; }
  friend auto operator<=>(VirtualTime, VirtualTime) = default;
  friend VirtualTime operator+(VirtualTime t, VirtualDuration d) {
    return {t.microseconds + d.microseconds};
  }
  friend VirtualDuration operator-(VirtualTime a, VirtualTime b) {
    return {a.microseconds - b.microseconds};
  }
};

}  // namespace lorafleet::sim
