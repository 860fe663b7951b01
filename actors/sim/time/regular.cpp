#include "actors/sim/time/regular.hpp"

namespace lorafleet::sim {

Regular::Regular(double start_seconds, double duration_seconds, double every_seconds)
    : start_(VirtualTime{} +
             (start_seconds > 0.0 ? bounded_duration(start_seconds) : VirtualDuration{})),
      duration_(bounded_duration(duration_seconds)),
      pause_(every_seconds > 0.0
                 ? VirtualDuration{std::max<std::int64_t>(
                       (bounded_duration(every_seconds) - duration_).microseconds, 1)}
                 : VirtualDuration{}) {}

Period Regular::first(std::uint32_t) const {
  if (start_ > VirtualTime{}) return {start_, 0, false};
  return {start_ + duration_, 0, true};
}

Period Regular::after(std::uint32_t, const Period& period) const {
  assert(period.until < kNever);
  if (!period.on) return {later(period.until, duration_), period.index + 1, true};
  if (pause_ == VirtualDuration{}) return {kNever, period.index + 1, false};
  return {later(period.until, pause_), period.index + 1, false};
}

}  // namespace lorafleet::sim
