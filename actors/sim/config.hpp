#pragma once

#include <string>
#include <vector>

#include "actors/sim/distribution.hpp"

namespace lorafleet::sim {

/// One entry of `[devices] tiers`. Speed is given as tokens a second, or as FLOP/s of the device.
struct DeviceTier {
  std::string name = "default";
  double share = 1.0;              ///< of the clients; shares are normalised
  Distribution tokens_per_second;  ///< drawn once for each client
  double teraflops = 0.0;          ///< above 0: replaces tokens_per_second
  double download_mbps = 0.0;      ///< above 0: replaces [network] for this tier
  double upload_mbps = 0.0;
};

/// [devices]
struct DevicesConfig {
  std::vector<DeviceTier> tiers;  ///< empty: one tier at 500 tokens a second
  Distribution jitter =
      Distribution::constant(1.0);  ///< factor on compute time, drawn for each job
  double startup_seconds = 0.0;     ///< added to each job's compute time
};

/// [network]
struct NetworkConfig {
  Distribution download_mbps = Distribution::constant(50.0);  ///< drawn once for each client
  Distribution upload_mbps = Distribution::constant(10.0);
  Distribution latency_seconds = Distribution::constant(0.05);
};

/// [availability]
struct AvailabilityConfig {
  double drop_probability = 0.0;  ///< that a job is lost at a random point
};

}  // namespace lorafleet::sim
