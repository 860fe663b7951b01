#include "actors/sim/regular.hpp"

#include "partition/support/random.hpp"

namespace lorafleet::sim {

Daily::Daily(std::uint64_t run_seed, double day_seconds, double online_share,
             const Distribution& window_start_seconds)
    : run_seed_(run_seed),
      day_(bounded_duration(day_seconds)),
      window_(bounded_duration(day_seconds * online_share)),
      window_start_(window_start_seconds) {}

Period Daily::first(std::uint32_t owner) const {
  if (window_ >= day_) return {kNever, 0, true};
  Random random(run_seed_, Purpose::availability, owner);
  const double start = window_start_.draw(random);
  const std::int64_t opens =
      start > 0.0 ? bounded_duration(start).microseconds % day_.microseconds : 0;
  // Time 0 may lie in the window of the day before.
  const std::int64_t closed = opens - (day_ - window_).microseconds;
  if (opens == 0) return {VirtualTime{} + window_, 0, true};
  if (closed > 0) return {{closed}, 0, true};
  return {{opens}, 0, false};
}

Period Daily::after(std::uint32_t, const Period& period) const {
  assert(period.until < kNever);
  const bool on = !period.on;
  return {later(period.until, on ? window_ : day_ - window_), period.index + 1, on};
}

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
