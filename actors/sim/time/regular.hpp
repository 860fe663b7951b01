#pragma once

#include <cstdint>

#include "actors/sim/time/timeline.hpp"

namespace lorafleet::sim {

/// On in [start + k every, start + k every + duration) for k = 0, 1, ...; k = 0 alone where `every`
/// is 0. The same for all owners.
class Regular final : public Timeline {
 public:
  /// `every_seconds` must be 0 or above `duration_seconds`.
  Regular(double start_seconds, double duration_seconds, double every_seconds);

  [[nodiscard]] Period first(std::uint32_t owner) const override;
  [[nodiscard]] Period after(std::uint32_t owner, const Period& period) const override;

 private:
  VirtualTime start_;
  VirtualDuration duration_;
  VirtualDuration pause_;  ///< from an end to the next start; 0: there is none
};

}  // namespace lorafleet::sim
