#pragma once

#include <cstdint>

#include "actors/sim/time/timeline.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::sim {

/// Exponential periods: on ~ Exp(mean_on), off ~ Exp(mean_off), the two-state Markov process in
/// continuous time (in discrete time: Gilbert, Bell Syst. Tech. J. 39, 1960). It starts stationary:
/// on with probability mean_on / (mean_on + mean_off); the rest of a period that has begun is
/// exponential again. Period k of an owner is drawn from (run seed, purpose, owner, 2^63 + k),
/// apart from the draws for jobs.
class Alternating final : public Timeline {
 public:
  /// Both means must be above 0.
  Alternating(std::uint64_t run_seed, Purpose purpose, double mean_on_seconds,
              double mean_off_seconds);

  [[nodiscard]] Period first(std::uint32_t owner) const override;
  [[nodiscard]] Period after(std::uint32_t owner, const Period& period) const override;

 private:
  [[nodiscard]] Random draws(std::uint32_t owner, std::uint32_t index) const;
  [[nodiscard]] VirtualDuration length(bool on, Random& random) const;

  std::uint64_t run_seed_;
  Purpose purpose_;
  double mean_on_;
  double mean_off_;
};

}  // namespace lorafleet::sim
