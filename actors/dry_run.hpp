#pragma once

#include "actors/coordinator.hpp"
#include "actors/federation.hpp"
#include "actors/sim/fleet.hpp"

namespace lorafleet::actors {

/// Plays a scenario's virtual time without training: every order is answered at once with the
/// adapter that it came with. Arrivals, versions and staleness are those of the real run, as long
/// as no update is rejected for its values.
Schedule simulate_schedule(const FederationConfig& config, const sim::Fleet& devices,
                           const JobSizer& sizer, double train_flops_per_token,
                           const model::AdapterPtr& adapter);

}  // namespace lorafleet::actors
