#pragma once

#include <cstddef>

#include "actors/config/federation_config.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/strategy/messages/faults.hpp"

namespace lorafleet::actors {

/// Whether an entry of [faults] attackers is for the clients of one tier.
bool attacks_tiers(const FederationConfig& config);

/// Who attacks in a run of `clients` clients. `devices` may be null unless attacks_tiers. Throws
/// InputError.
strategy::Attackers make_attackers(const FederationConfig& config, std::size_t clients,
                                   const sim::Fleet* devices);

}  // namespace lorafleet::actors
