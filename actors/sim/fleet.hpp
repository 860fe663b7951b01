#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/sim/config.hpp"
#include "actors/sim/ids.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::sim {

/// The simulated device and link of one client.
struct DeviceProfile {
  std::size_t tier = 0;  ///< index into tier_names()
  double tokens_per_second = 0.0;
  double download_mbps = 0.0;
  double upload_mbps = 0.0;
  double latency_seconds = 0.0;
  std::int64_t rank = 0;  ///< of its adapter, as the file of devices gives it; 0: not given
  double watts = 0.0;
  double cost_per_hour = 0.0;
  friend bool operator==(const DeviceProfile&, const DeviceProfile&) = default;
};

/// devices.file_order: the row that a client gets.
enum class FileOrder {
  exact,  ///< row i is client i, and there are as many rows as clients
  cycle,  ///< row i modulo their number
  sample  ///< a row drawn for each client, with replacement, from the run seed
};
const NamedValues<FileOrder>& file_orders();

/// The devices of all clients: a pure function of the arguments of its constructor (and of the
/// bytes of the file of devices).
///
/// Tiers hold their shares exactly: tier i gets floor(q_i) clients with q_i = clients * share_i /
/// (sum of shares), the clients that remain go to the tiers of the largest fractions q_i -
/// floor(q_i) (ties: to the earlier tier), and a permutation drawn from the run seed says which
/// clients.
///
/// Speed is drawn once for each client from the tier's distribution, or is teraflops * 1e12 /
/// train_flops_per_token for each client of a tier that gives teraflops. Link speeds and latency
/// come from [network], unless the tier gives its own.
///
/// With a file of devices, its rows say who has which device, by FileOrder. What a row does not
/// give comes from the entry of [devices] tiers that has the row's tier name, then from [network].
/// Tiers are then numbered in the order of the config, with those that only the file names behind,
/// as the rows name them.
class Fleet {
 public:
  /// Throws InputError for shares that are negative or all zero, for speeds that are not positive
  /// numbers, for negative latencies, for teraflops without a positive train_flops_per_token, and
  /// for a file of devices that cannot be read, has another number of rows than file_order asks
  /// for, or a row whose speed nobody gives.
  Fleet(const DevicesConfig& devices, const NetworkConfig& network, std::size_t clients,
        std::uint64_t run_seed, double train_flops_per_token);

  /// The same devices dealt otherwise: the slowest to the client of the largest `measure`, and so
  /// on (ties: to the earlier client). `measure` has a finite value for each client.
  void deal_slow_to_large(const std::vector<double>& measure);

  [[nodiscard]] const DeviceProfile& profile(ClientId client) const {
    return profiles_[client.value];
  }
  [[nodiscard]] std::size_t clients() const { return profiles_.size(); }
  [[nodiscard]] const std::vector<std::string>& tier_names() const { return tier_names_; }

 private:
  std::vector<DeviceProfile> profiles_;
  std::vector<std::string> tier_names_;
};

}  // namespace lorafleet::sim
