#pragma once

#include <cassert>
#include <cstdint>

#include "actors/sim/time/durations.hpp"
#include "actors/sim/time/virtual_time.hpp"

namespace lorafleet::sim {

/// A stretch of a timeline, up to but without `until`. A period holds its beginning and not its
/// end.
struct Period {
  VirtualTime until = kNever;
  std::uint32_t index = 0;  ///< for the timeline's own use
  bool on = false;
  friend bool operator==(const Period&, const Period&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("until", self.until);
    visit("index", self.index);
    visit("on", self.on);
  }
};

/// Two states that alternate from time 0 on, for each of many owners: a pure function of (config,
/// run seed, owner). Nothing is stored; a reader walks from period to period, so that a cursor
/// costs a Period.
class Timeline {
 public:
  virtual ~Timeline() = default;
  [[nodiscard]] virtual Period first(std::uint32_t owner) const = 0;
  /// The period that follows one of the same owner, of the other state. `period` must have an end.
  [[nodiscard]] virtual Period after(std::uint32_t owner, const Period& period) const = 0;

  /// The period that holds `time`, walking from one that is not later.
  [[nodiscard]] Period at(std::uint32_t owner, Period period, VirtualTime time) const {
    while (period.until <= time)
      period = after(owner, period);
    return period;
  }
};

}  // namespace lorafleet::sim
