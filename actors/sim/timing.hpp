#pragma once

#include <cstdint>

#include "actors/sim/config.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/ids.hpp"
#include "actors/sim/virtual_time.hpp"

namespace lorafleet::sim {

/// What a job asks of a device and its link.
struct JobLoad {
  ClientId client;
  Sequence seq;
  std::int64_t tokens = 0;
  std::int64_t bytes_down = 0;
  std::int64_t bytes_up = 0;
};

/// The future of a job, from its dispatch on.
struct JobTiming {
  VirtualDuration down;
  VirtualDuration compute;
  VirtualDuration up;
  bool lost = false;    ///< the update never comes
  VirtualDuration end;  ///< until the arrival: down + compute + up; or until the loss

  [[nodiscard]] VirtualDuration total() const { return down + compute + up; }
};

/// Prices a job. With the client's profile and draws that depend on (run seed, client, seq) alone:
///
///     down    = latency + 8 * bytes_down / (download_mbps * 1e6)
///     compute = startup + tokens / tokens_per_second * jitter,  jitter ~ [devices] jitter
///     up      = latency + 8 * bytes_up / (upload_mbps * 1e6)
///     lost    with [availability] drop_probability; then end = u * (down + compute + up), u ~ U(0,
///     1)
///
/// each rounded to microseconds and at least 1 us long (at most 1e9 s, so that no clock overflows).
JobTiming predict(const DeviceProfile& profile, const DevicesConfig& devices,
                  const AvailabilityConfig& availability, std::uint64_t run_seed,
                  const JobLoad& load);

}  // namespace lorafleet::sim
