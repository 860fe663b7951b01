#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "actors/sim/distribution.hpp"
#include "partition/support/limits.hpp"

namespace lorafleet::sim {

/// One entry of `[devices] tiers`. Speed is given as tokens a second, or as FLOP/s of the device.
struct DeviceTier {
  std::string name = "default";
  double share = 1.0;              ///< of the clients; shares are normalised
  Distribution tokens_per_second;  ///< drawn once for each client
  double teraflops = 0.0;          ///< above 0: replaces tokens_per_second
  double download_mbps = 0.0;      ///< above 0: replaces [network] for this tier
  double upload_mbps = 0.0;
  double watts = 0.0;          ///< drawn while it computes
  double cost_per_hour = 0.0;  ///< of a job's hours, whatever the currency
};

/// [devices] slow_down: episodes in which a device computes `factor` times slower.
struct SlowDownConfig {
  double mean_between_seconds = 0.0;  ///< from an episode's end to the next; 0: there are none
  double mean_seconds = 60.0;         ///< of an episode
  double factor = 4.0;
};

/// [devices]
struct DevicesConfig {
  std::vector<DeviceTier> tiers;  ///< empty: one tier at 500 tokens a second
  Distribution jitter =
      Distribution::constant(1.0);   ///< factor on compute time, drawn for each job
  double startup_seconds = 0.0;      ///< added to each job's compute time
  std::filesystem::path file;        ///< CSV of devices; empty: the tiers' shares say who has which
  std::string file_order = "exact";  ///< "exact", "cycle", "sample"
  /// Whose devices are slow: "any", "long_contexts", "many_examples" (actors/run/devices.hpp).
  std::string slow_have = "any";
  SlowDownConfig slow_down;
};

/// [network]
struct NetworkConfig {
  Distribution download_mbps = Distribution::constant(50.0);  ///< drawn once for each client
  Distribution upload_mbps = Distribution::constant(10.0);
  Distribution latency_seconds = Distribution::constant(0.05);
  Distribution jitter =
      Distribution::constant(1.0);     ///< factor on transfer times, drawn for each transfer
  double server_upload_mbps = 0.0;     ///< shared by all downloads of clients; 0: unlimited
  double cost_per_gb = 0.0;            ///< of 1e9 bytes, either way
  std::string compress_up = "none";    ///< float16, bfloat16, int8, topk
  std::string compress_down = "none";  ///< float16, bfloat16, int8
  double topk_share = 0.1;             ///< of the values, that topk keeps
  bool error_feedback = true;          ///< clients add what compression lost to their next update

  static constexpr Limits kTopkShare = above(0).at_most(1);
};

/// One entry of `[[availability.outages]]`: all of a group of clients are away at the same time.
struct OutageConfig {
  std::string tier;    ///< the group: the clients of this tier; empty: of all tiers
  double share = 1.0;  ///< of the group, a fixed subset
  double start_seconds = 0.0;
  double duration_seconds = 0.0;
  double every_seconds = 0.0;         ///< from start to start; 0: the outage comes once
  double mean_between_seconds = 0.0;  ///< above 0: random episodes, instead of the three above
  double mean_seconds = 60.0;         ///< of a random episode
};

/// [availability]
struct AvailabilityConfig {
  double drop_probability = 0.0;     ///< that a job is lost at a random point
  double crash_rate_per_hour = 0.0;  ///< of computing
  std::string model = "always";      ///< "always", "bernoulli", "markov", "daily", "file"
  double probability = 1.0;          ///< bernoulli: that a client answers
  double mean_up_seconds = 3600.0;   ///< markov
  double mean_down_seconds = 3600.0;
  double day_seconds = 86400.0;  ///< daily
  double online_share = 0.3;     ///< daily: of each day, in one window
  Distribution window_start_seconds =
      Distribution::uniform(0.0, 86400.0);  ///< daily: when it opens, drawn once for each client
  std::filesystem::path file;               ///< file: CSV client,start_seconds,end_seconds
  double repeat_seconds = 0.0;              ///< file: length of the trace; 0: it is not repeated
  std::string leaving = "lose";             ///< "lose", "pause": a job whose client goes offline
  std::vector<OutageConfig> outages;

  static constexpr Limits kDropProbability = at_least(0).below(1);
};

}  // namespace lorafleet::sim
