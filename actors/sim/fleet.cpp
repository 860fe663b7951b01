#include "actors/sim/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "actors/sim/device_file.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"
#include "partition/support/shares.hpp"

namespace lorafleet::sim {
namespace {

constexpr double kDefaultTokensPerSecond = 500.0;

std::vector<DeviceTier> tiers_or_default(const DevicesConfig& devices) {
  if (!devices.tiers.empty()) return devices.tiers;
  DeviceTier tier;
  tier.tokens_per_second = Distribution::constant(kDefaultTokensPerSecond);
  return {tier};
}

std::vector<double> checked_shares(const std::vector<DeviceTier>& tiers) {
  std::vector<double> shares;
  for (const auto& tier : tiers) {
    if (!(tier.share >= 0.0) || !std::isfinite(tier.share)) {
      throw InputError("devices.tiers",
                       "the share of \"" + tier.name + "\" must be a number of at least 0");
    }
    shares.push_back(tier.share);
  }
  if (std::accumulate(shares.begin(), shares.end(), 0.0) <= 0.0) {
    throw InputError("devices.tiers", "at least one tier must have a share above 0");
  }
  return shares;
}

double positive(double value, const char* key, std::size_t client) {
  if (value > 0.0 && std::isfinite(value)) return value;
  throw InputError(key, "must give a positive number, but gave " + std::to_string(value) +
                            " to client " + std::to_string(client));
}

// Draws for clients are of seq 0; these two stay apart from the speed of client 0.
constexpr std::uint64_t kPermutation = 1;
constexpr std::uint64_t kRow = 2;

/// Where a client's device comes from. Without a tier, the row gives what a tier would.
struct Source {
  std::size_t tier_index = 0;
  const DeviceTier* tier = nullptr;
  const DeviceRow* row = nullptr;
};

class Outfitter {
 public:
  Outfitter(const NetworkConfig& network, std::uint64_t run_seed, double train_flops_per_token)
      : network_(network), run_seed_(run_seed), train_flops_per_token_(train_flops_per_token) {}

  [[nodiscard]] DeviceProfile outfit(std::size_t client, const Source& source) const {
    DeviceProfile profile;
    profile.tier = source.tier_index;
    profile.tokens_per_second = speed(client, source);
    connect(client, source, profile);
    if (source.tier != nullptr) {
      profile.watts = source.tier->watts;
      profile.cost_per_hour = source.tier->cost_per_hour;
    }
    if (source.row != nullptr) {
      profile.rank = source.row->rank;
      profile.watts = source.row->watts.value_or(profile.watts);
      profile.cost_per_hour = source.row->cost_per_hour.value_or(profile.cost_per_hour);
    }
    return profile;
  }

  void check_flops(double teraflops, const std::string& key, const std::string& name) const {
    if (teraflops > 0.0 && !(train_flops_per_token_ > 0.0)) {
      throw InputError(key, "\"" + name + "\" gives teraflops, but the FLOP a token are not known");
    }
  }

 private:
  [[nodiscard]] double speed(std::size_t client, const Source& source) const {
    constexpr const char* kKey = "devices.tiers.tokens_per_second";
    const DeviceRow* row = source.row;
    if (row != nullptr && row->tokens_per_second) return *row->tokens_per_second;
    const double teraflops = row != nullptr && row->teraflops
                                 ? *row->teraflops
                                 : (source.tier == nullptr ? 0.0 : source.tier->teraflops);
    if (teraflops > 0.0) return positive(teraflops * 1e12 / train_flops_per_token_, kKey, client);
    Random random(run_seed_, Purpose::device, client);
    return positive(source.tier->tokens_per_second.draw(random), kKey, client);
  }

  void connect(std::size_t client, const Source& source, DeviceProfile& profile) const {
    // All three are drawn in any case, so that a tier's own speed leaves the others as they are.
    Random link(run_seed_, Purpose::network, client);
    double download = network_.download_mbps.draw(link);
    double upload = network_.upload_mbps.draw(link);
    double latency = network_.latency_seconds.draw(link);
    if (source.tier != nullptr && source.tier->download_mbps > 0.0) {
      download = source.tier->download_mbps;
    }
    if (source.tier != nullptr && source.tier->upload_mbps > 0.0) {
      upload = source.tier->upload_mbps;
    }
    if (source.row != nullptr) {
      download = source.row->download_mbps.value_or(download);
      upload = source.row->upload_mbps.value_or(upload);
      latency = source.row->latency_seconds.value_or(latency);
    }
    profile.download_mbps = positive(download, "network.download_mbps", client);
    profile.upload_mbps = positive(upload, "network.upload_mbps", client);
    if (!(latency >= 0.0) || !std::isfinite(latency)) {
      throw InputError("network.latency_seconds",
                       "must not be negative, but is for client " + std::to_string(client));
    }
    profile.latency_seconds = latency;
  }

  const NetworkConfig& network_;
  std::uint64_t run_seed_;
  double train_flops_per_token_;
};

/// The row of each client.
std::vector<std::size_t> deal_rows(const DevicesConfig& devices, std::size_t rows,
                                   std::size_t clients, std::uint64_t run_seed) {
  const FileOrder order = file_orders().at(devices.file_order).value;
  if (order == FileOrder::exact && rows != clients) {
    throw InputError(devices.file.string(),
                     "has " + std::to_string(rows) + " devices for " + std::to_string(clients) +
                         " clients; allowed: one for each, or devices.file_order = \"cycle\" or "
                         "\"sample\"");
  }
  std::vector<std::size_t> dealt(clients);
  for (std::size_t c = 0; c < clients; ++c) {
    dealt[c] = order == FileOrder::sample ? Random(run_seed, Purpose::device, c, kRow).below(rows)
                                          : c % rows;
  }
  return dealt;
}

/// The source of each row; `names` is extended by the tiers that only rows name.
std::vector<Source> row_sources(const DevicesConfig& devices, const std::vector<DeviceRow>& rows,
                                const Outfitter& outfitter, std::vector<std::string>& names) {
  std::map<std::string, std::size_t> indices;
  for (const auto& tier : devices.tiers) {
    indices.emplace(tier.name, names.size());
    names.push_back(tier.name);
  }
  std::vector<Source> sources;
  for (const auto& row : rows) {
    const std::string name = row.tier.empty() ? DeviceTier{}.name : row.tier;
    const auto [found, fresh] = indices.emplace(name, names.size());
    if (fresh) names.push_back(name);
    const std::size_t index = found->second;
    const DeviceTier* tier = index < devices.tiers.size() ? &devices.tiers[index] : nullptr;
    const std::string place = at_line(devices.file.string(), row.line);
    if (tier == nullptr && !row.tokens_per_second && !row.teraflops) {
      std::vector<std::string> known;
      for (const auto& entry : devices.tiers)
        known.push_back(entry.name);
      throw InputError(place,
                       "does not say how fast the device is; allowed: tokens_per_second, "
                       "teraflops, or a tier that [devices] tiers has" +
                           did_you_mean_aside(nearest_name(name, known)));
    }
    if (!row.tokens_per_second) {
      outfitter.check_flops(row.teraflops.value_or(tier == nullptr ? 0.0 : tier->teraflops), place,
                            name);
    }
    sources.push_back({index, tier, &row});
  }
  return sources;
}

}  // namespace

const NamedValues<FileOrder>& file_orders() {
  static const NamedValues<FileOrder> kRegistry(
      "devices.file_order",
      {{"exact", FileOrder::exact}, {"cycle", FileOrder::cycle}, {"sample", FileOrder::sample}});
  return kRegistry;
}

Fleet::Fleet(const DevicesConfig& devices, const NetworkConfig& network, std::size_t clients,
             std::uint64_t run_seed, double train_flops_per_token)
    : profiles_(clients) {
  const Outfitter outfitter(network, run_seed, train_flops_per_token);
  if (!devices.file.empty()) {
    const auto rows = read_device_file(devices.file);
    const auto sources = row_sources(devices, rows, outfitter, tier_names_);
    const auto dealt = deal_rows(devices, rows.size(), clients, run_seed);
    for (std::size_t c = 0; c < clients; ++c)
      profiles_[c] = outfitter.outfit(c, sources[dealt[c]]);
    return;
  }
  const auto tiers = tiers_or_default(devices);
  const auto counts = largest_remainder(checked_shares(tiers), clients);
  Random permutation_random(run_seed, Purpose::device, 0, kPermutation);
  std::vector<std::size_t> permutation(clients);
  std::iota(permutation.begin(), permutation.end(), std::size_t{0});
  permutation_random.shuffle(permutation);

  std::size_t next = 0;
  for (std::size_t t = 0; t < tiers.size(); ++t) {
    tier_names_.push_back(tiers[t].name);
    outfitter.check_flops(tiers[t].teraflops, "devices.tiers", tiers[t].name);
    for (std::size_t i = 0; i < counts[t]; ++i) {
      const std::size_t client = permutation[next++];
      profiles_[client] = outfitter.outfit(client, {t, &tiers[t], nullptr});
    }
  }
}

void Fleet::deal_slow_to_large(const std::vector<double>& measure) {
  std::vector<std::size_t> clients(profiles_.size());
  std::iota(clients.begin(), clients.end(), std::size_t{0});
  std::stable_sort(clients.begin(), clients.end(),
                   [&](std::size_t a, std::size_t b) { return measure[a] > measure[b]; });
  std::vector<DeviceProfile> devices = profiles_;
  std::stable_sort(devices.begin(), devices.end(),
                   [](const DeviceProfile& a, const DeviceProfile& b) {
                     return a.tokens_per_second < b.tokens_per_second;
                   });
  for (std::size_t i = 0; i < clients.size(); ++i)
    profiles_[clients[i]] = devices[i];
}

}  // namespace lorafleet::sim
