#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/sim/config.hpp"
#include "actors/sim/ids.hpp"

namespace lorafleet::sim {

/// The simulated device and link of one client.
struct DeviceProfile {
  std::size_t tier = 0;  ///< index into [devices] tiers
  double tokens_per_second = 0.0;
  double download_mbps = 0.0;
  double upload_mbps = 0.0;
  double latency_seconds = 0.0;
  friend bool operator==(const DeviceProfile&, const DeviceProfile&) = default;
};

/// The devices of all clients: a pure function of the arguments of its constructor.
///
/// Tiers hold their shares exactly: tier i gets floor(q_i) clients with q_i = clients * share_i /
/// (sum of shares), the clients that remain go to the tiers of the largest fractions q_i -
/// floor(q_i) (ties: to the earlier tier), and a permutation drawn from the run seed says which
/// clients.
///
/// Speed is drawn once for each client from the tier's distribution, or is teraflops * 1e12 /
/// train_flops_per_token for each client of a tier that gives teraflops. Link speeds and latency
/// come from [network], unless the tier gives its own.
class Fleet {
 public:
  /// Throws InputError for shares that are negative or all zero, for speeds that are not positive
  /// numbers, for negative latencies, and for teraflops without a positive train_flops_per_token.
  Fleet(const DevicesConfig& devices, const NetworkConfig& network, std::size_t clients,
        std::uint64_t run_seed, double train_flops_per_token);

  [[nodiscard]] const DeviceProfile& profile(ClientId client) const {
    return profiles_[client.value];
  }
  [[nodiscard]] std::size_t clients() const { return profiles_.size(); }
  [[nodiscard]] const std::vector<std::string>& tier_names() const { return tier_names_; }

 private:
  std::vector<DeviceProfile> profiles_;
  std::vector<std::string> tier_names_;
};

/// How many of `items` each share gets, by largest remainder; sums to `items`. Shares must not be
/// negative and their sum must be positive.
std::vector<std::size_t> largest_remainder(const std::vector<double>& shares, std::size_t items);

}  // namespace lorafleet::sim
