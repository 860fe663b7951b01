#pragma once

#include "actors/sim/time/durations.hpp"
#include "actors/sim/timing.hpp"

namespace lorafleet::tests {

/// Prices a job on a network without jitter or shared uplink, of a client that is always there and
/// never crashes: job_work, lost with [availability] drop_probability after
/// drop_point * (down + compute + up). sim::World prices everything else.
inline sim::JobTiming predict(const sim::DeviceProfile& profile, const sim::DevicesConfig& devices,
                              const sim::AvailabilityConfig& availability, std::uint64_t run_seed,
                              const sim::JobLoad& load) {
  const sim::JobWork work = sim::job_work(profile, devices, {}, run_seed, load);
  const sim::JobFailures failures = sim::job_failures(availability, run_seed, load);
  sim::JobTiming timing;
  timing.down = work.down;
  timing.compute = work.compute;
  timing.up = work.up;
  timing.end = work.total();
  if (failures.drops) {
    timing.lost = true;
    timing.reason = sim::LossReason::dropped_out;
    timing.end = sim::bounded_duration(failures.drop_point * work.total().seconds());
  }
  return timing;
}

}  // namespace lorafleet::tests
