#include "actors/sim/timing.hpp"

#include <algorithm>

#include "actors/sim/time/durations.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::sim {

namespace {}  // namespace

const char* name(LossReason reason) {
  switch (reason) {
    case LossReason::none:
      return "";
    case LossReason::dropped_out:
      return "dropped_out";
    case LossReason::went_offline:
      return "went_offline";
    case LossReason::outage:
      return "outage";
    case LossReason::crashed:
      return "crashed";
  }
  return "";
}

JobWork job_work(const DeviceProfile& profile, const DevicesConfig& devices,
                 const NetworkConfig& network, std::uint64_t run_seed, const JobLoad& load) {
  Random compute_random(run_seed, Purpose::compute_jitter, load.id.client.value, load.id.seq.value);
  // Jobs count from 1: the draws of the client's link are those of seq 0.
  Random network_random(run_seed, Purpose::network, load.id.client.value, load.id.seq.value);
  double down = transfer_seconds(load.bytes_down, profile.download_mbps) *
                network.jitter.draw(network_random);
  const double up =
      transfer_seconds(load.bytes_up, profile.upload_mbps) * network.jitter.draw(network_random);
  if (network.server_upload_mbps > 0.0) {
    down = std::max(down, transfer_seconds(load.bytes_down, network.server_upload_mbps));
  }
  const double compute = static_cast<double>(load.tokens) / profile.tokens_per_second *
                         devices.jitter.draw(compute_random);
  return {bounded_duration(profile.latency_seconds + down),
          bounded_duration(devices.startup_seconds + compute),
          bounded_duration(profile.latency_seconds + up)};
}

JobFailures job_failures(const AvailabilityConfig& availability, std::uint64_t run_seed,
                         const JobLoad& load) {
  const bool crashes = availability.crash_rate_per_hour > 0.0;
  JobFailures failures{false, 0.0, -1.0};
  if (!crashes && !(availability.drop_probability > 0.0)) return failures;
  Random random(run_seed, Purpose::failure, load.id.client.value, load.id.seq.value);
  failures.drops = random.bernoulli(availability.drop_probability);
  failures.drop_point = random.uniform();
  if (crashes) {
    failures.crash_seconds = random.exponential(kSecondsPerHour / availability.crash_rate_per_hour);
  }
  return failures;
}

}  // namespace lorafleet::sim
