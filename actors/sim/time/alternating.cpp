#include "actors/sim/time/alternating.hpp"

namespace lorafleet::sim {

namespace {

/// Jobs count from 1 and never reach it.
constexpr std::uint64_t kFirstPeriod = std::uint64_t{1} << 63;

}  // namespace

Alternating::Alternating(std::uint64_t run_seed, Purpose purpose, double mean_on_seconds,
                         double mean_off_seconds)
    : run_seed_(run_seed),
      purpose_(purpose),
      mean_on_(mean_on_seconds),
      mean_off_(mean_off_seconds) {}

Random Alternating::draws(std::uint32_t owner, std::uint32_t index) const {
  return {run_seed_, purpose_, owner, kFirstPeriod + index};
}

VirtualDuration Alternating::length(bool on, Random& random) const {
  return bounded_duration(random.exponential(on ? mean_on_ : mean_off_));
}

Period Alternating::first(std::uint32_t owner) const {
  Random random = draws(owner, 0);
  const bool on = random.bernoulli(mean_on_ / (mean_on_ + mean_off_));
  return {later({}, length(on, random)), 0, on};
}

Period Alternating::after(std::uint32_t owner, const Period& period) const {
  assert(period.until < kNever);
  Random random = draws(owner, period.index + 1);
  const bool on = !period.on;
  return {later(period.until, length(on, random)), period.index + 1, on};
}

}  // namespace lorafleet::sim
