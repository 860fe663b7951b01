#pragma once

#include <cstddef>

#include "actors/federation_config.hpp"
#include "actors/strategy/messages/faults.hpp"

namespace lorafleet::actors {

/// Who attacks in a run of `clients` clients. `train_flops_per_token` prices tiers given in FLOP/s,
/// where an entry of [faults] attackers names a tier. Throws InputError.
strategy::Attackers make_attackers(const FederationConfig& config, std::size_t clients,
                                   double train_flops_per_token);

}  // namespace lorafleet::actors
