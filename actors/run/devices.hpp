#pragma once

#include <cstddef>
#include <memory>

#include "actors/federation_config.hpp"
#include "actors/sim/fleet.hpp"

namespace lorafleet::actors {

/// The devices of a run of `clients` clients: dealt once, and handed around. Throws InputError.
std::shared_ptr<const sim::Fleet> deal_devices(const FederationConfig& config, std::size_t clients,
                                               double train_flops_per_token);

}  // namespace lorafleet::actors
