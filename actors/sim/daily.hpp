#pragma once

#include <cstdint>

#include "actors/sim/distribution.hpp"
#include "actors/sim/time/timeline.hpp"

namespace lorafleet::sim {

/// On for a window of each day: owner c is on in [s_c + k day, s_c + k day + share day) for every
/// whole k, with s_c drawn once from `window_start` with (run seed, availability, c). A share of 1
/// is always on.
class Daily final : public Timeline {
 public:
  /// `online_share` must be above 0 and at most 1, `day_seconds` above 0.
  Daily(std::uint64_t run_seed, double day_seconds, double online_share,
        const Distribution& window_start_seconds);

  [[nodiscard]] Period first(std::uint32_t owner) const override;
  [[nodiscard]] Period after(std::uint32_t owner, const Period& period) const override;
  [[nodiscard]] VirtualDuration window() const { return window_; }

 private:
  std::uint64_t run_seed_;
  VirtualDuration day_;
  VirtualDuration window_;
  Distribution window_start_;
};

}  // namespace lorafleet::sim
