#include "actors/sim/timing.hpp"

#include <algorithm>

#include "partition/support/random.hpp"

namespace lorafleet::sim {
namespace {

constexpr double kShortestSeconds = 1e-6;
constexpr double kLongestSeconds = 1e9;

/// NaN counts as the shortest.
VirtualDuration duration(double seconds) {
  if (!(seconds > kShortestSeconds)) return {1};
  return VirtualDuration::from_seconds(std::min(seconds, kLongestSeconds));
}

double transfer_seconds(std::int64_t bytes, double mbps) {
  return static_cast<double>(bytes) * 8.0 / (mbps * 1e6);
}

}  // namespace

JobTiming predict(const DeviceProfile& profile, const DevicesConfig& devices,
                  const AvailabilityConfig& availability, std::uint64_t run_seed,
                  const JobLoad& load) {
  Random jitter_random(run_seed, Purpose::compute_jitter, load.client.value, load.seq.value);
  const double jitter = devices.jitter.draw(jitter_random);

  JobTiming timing;
  timing.down =
      duration(profile.latency_seconds + transfer_seconds(load.bytes_down, profile.download_mbps));
  timing.compute = duration(devices.startup_seconds +
                            static_cast<double>(load.tokens) / profile.tokens_per_second * jitter);
  timing.up =
      duration(profile.latency_seconds + transfer_seconds(load.bytes_up, profile.upload_mbps));

  Random failure(run_seed, Purpose::failure, load.client.value, load.seq.value);
  timing.lost = failure.bernoulli(availability.drop_probability);
  timing.end =
      timing.lost ? duration(failure.uniform() * timing.total().seconds()) : timing.total();
  return timing;
}

}  // namespace lorafleet::sim
