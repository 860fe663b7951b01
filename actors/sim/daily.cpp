#include "actors/sim/daily.hpp"

#include "actors/sim/availability.hpp"
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

AvailabilityModel daily() {
  return {.name = "daily",
          .keys = {"day_seconds", "online_share", "window_start_seconds", "leaving"},
          .longest_stay = [](const AvailabilityConfig& config) -> std::optional<LongestStay> {
            if (config.online_share >= 1.0) return std::nullopt;
            return LongestStay{config.online_share * config.day_seconds, "the daily window"};
          },
          .make = [](const AvailabilityConfig& config, std::size_t,
                     std::uint64_t run_seed) -> std::unique_ptr<const Timeline> {
            require_availability(config.day_seconds > 0.0, "day_seconds", "above 0");
            require_availability(config.online_share > 0.0 && config.online_share <= 1.0,
                                 "online_share", "above 0, at most 1");
            return std::make_unique<Daily>(run_seed, config.day_seconds, config.online_share,
                                           config.window_start_seconds);
          }};
}

}  // namespace lorafleet::sim
