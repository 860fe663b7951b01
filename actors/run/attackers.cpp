#include "actors/run/attackers.hpp"

#include <algorithm>

#include "partition/support/error.hpp"

namespace lorafleet::actors {

bool attacks_tiers(const FederationConfig& config) {
  const auto& entries = config.faults.attackers;
  return std::any_of(entries.begin(), entries.end(),
                     [](const auto& entry) { return !entry.tier.empty(); });
}

strategy::Attackers make_attackers(const FederationConfig& config, std::size_t clients,
                                   const sim::Fleet* devices) {
  for (const auto& entry : config.faults.attackers) {
    if (entry.tier.empty()) continue;
    const auto& names = devices->tier_names();
    if (std::find(names.begin(), names.end(), entry.tier) == names.end()) {
      throw InputError("faults.attackers.tier",
                       "\"" + entry.tier + "\" is no tier; known: " + join(names));
    }
  }
  return {config.faults, clients, config.seed, [&](sim::ClientId client) {
            return devices->tier_names()[devices->profile(client).tier];
          }};
}

}  // namespace lorafleet::actors
