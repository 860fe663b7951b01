#include "actors/run/attackers.hpp"

#include <algorithm>
#include <optional>

#include "actors/sim/fleet.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

strategy::Attackers make_attackers(const FederationConfig& config, std::size_t clients,
                                   double train_flops_per_token) {
  std::optional<sim::Fleet> fleet;
  for (const auto& entry : config.faults.attackers) {
    if (entry.tier.empty()) continue;
    if (!fleet) {
      fleet.emplace(config.devices, config.network, clients, config.seed, train_flops_per_token);
    }
    const auto& names = fleet->tier_names();
    if (std::find(names.begin(), names.end(), entry.tier) == names.end()) {
      throw InputError("faults.attackers.tier",
                       "\"" + entry.tier + "\" is no tier; known: " + join(names));
    }
  }
  return {config.faults, clients, config.seed,
          [&](sim::ClientId client) { return fleet->tier_names()[fleet->profile(client).tier]; }};
}

}  // namespace lorafleet::actors
