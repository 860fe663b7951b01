#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "actors/sim/durations.hpp"

namespace lorafleet::sim {

/// The server's uplink, shared by all clients: it serves one download at a time, first come first
/// served in the order of dispatch. A download of b bytes occupies it for 8 b / (mbps 1e6) seconds,
/// from the dispatch or from the moment when those before it are through. This is the one part of
/// the world that depends on which jobs there were, and so it belongs into checkpoints.
class Uplink {
 public:
  /// 0 Mbit/s: unlimited.
  explicit Uplink(double mbps) : mbps_(mbps) {}

  /// How long a download of so many bytes, dispatched at `now`, waits until it is served. Times may
  /// not go back from call to call.
  VirtualDuration serve(VirtualTime now, std::int64_t bytes) {
    if (!(mbps_ > 0.0)) return {};
    const std::int64_t asked = std::min(now.microseconds, kLatest / kNanoseconds) * kNanoseconds;
    const std::int64_t start = std::max(free_at_, asked);
    const double most = static_cast<double>(kLatest - start);
    const double takes = std::round(transfer_seconds(bytes, mbps_) * 1e9);
    free_at_ = takes < most ? start + static_cast<std::int64_t>(takes) : kLatest;
    return {(start - asked) / kNanoseconds};
  }

  /// In nanoseconds, so that short transfers add up without rounding.
  [[nodiscard]] std::int64_t free_at_nanoseconds() const { return free_at_; }
  void restore(std::int64_t free_at_nanoseconds) { free_at_ = free_at_nanoseconds; }

 private:
  static constexpr std::int64_t kNanoseconds = 1000;  ///< of a microsecond
  static constexpr std::int64_t kLatest = std::int64_t{1} << 62;

  double mbps_;
  std::int64_t free_at_ = 0;
};

}  // namespace lorafleet::sim
