#include "actors/sim/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

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

}  // namespace

std::vector<std::size_t> largest_remainder(const std::vector<double>& shares, std::size_t items) {
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<std::size_t> counts;
  std::vector<double> fractions;
  for (const double share : shares) {
    const double quota = static_cast<double>(items) * (share / total);
    counts.push_back(static_cast<std::size_t>(quota));
    fractions.push_back(quota - std::floor(quota));
  }
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return fractions[a] > fractions[b]; });
  std::size_t given = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  for (std::size_t i = 0; given < items; i = (i + 1) % order.size()) {
    if (shares[order[i]] <= 0.0) continue;
    ++counts[order[i]];
    ++given;
  }
  return counts;
}

Fleet::Fleet(const DevicesConfig& devices, const NetworkConfig& network, std::size_t clients,
             std::uint64_t run_seed, double train_flops_per_token)
    : profiles_(clients) {
  const auto tiers = tiers_or_default(devices);
  const auto counts = largest_remainder(checked_shares(tiers), clients);

  // seq 1 keeps the permutation apart from the speed of client 0.
  Random permutation_random(run_seed, Purpose::device, 0, 1);
  std::vector<std::size_t> permutation(clients);
  std::iota(permutation.begin(), permutation.end(), std::size_t{0});
  permutation_random.shuffle(permutation);

  std::size_t next = 0;
  for (std::size_t t = 0; t < tiers.size(); ++t) {
    const DeviceTier& tier = tiers[t];
    tier_names_.push_back(tier.name);
    if (tier.teraflops > 0.0 && !(train_flops_per_token > 0.0)) {
      throw InputError("devices.tiers",
                       "\"" + tier.name + "\" gives teraflops, but the FLOP a token are not known");
    }
    for (std::size_t i = 0; i < counts[t]; ++i) {
      const std::size_t client = permutation[next++];
      DeviceProfile& profile = profiles_[client];
      profile.tier = t;

      Random speed(run_seed, Purpose::device, client);
      profile.tokens_per_second =
          positive(tier.teraflops > 0.0 ? tier.teraflops * 1e12 / train_flops_per_token
                                        : tier.tokens_per_second.draw(speed),
                   "devices.tiers.tokens_per_second", client);

      // All three are drawn in any case, so that a tier's own speed leaves the others as they are.
      Random link(run_seed, Purpose::network, client);
      const double download = network.download_mbps.draw(link);
      const double upload = network.upload_mbps.draw(link);
      profile.latency_seconds = network.latency_seconds.draw(link);
      profile.download_mbps = positive(tier.download_mbps > 0.0 ? tier.download_mbps : download,
                                       "network.download_mbps", client);
      profile.upload_mbps = positive(tier.upload_mbps > 0.0 ? tier.upload_mbps : upload,
                                     "network.upload_mbps", client);
      if (!(profile.latency_seconds >= 0.0) || !std::isfinite(profile.latency_seconds)) {
        throw InputError("network.latency_seconds",
                         "must not be negative, but is for client " + std::to_string(client));
      }
    }
  }
}

}  // namespace lorafleet::sim
