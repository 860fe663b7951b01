#pragma once

#include "actors/federation.hpp"
#include "actors/run/learning.hpp"

namespace lorafleet::actors {

/// Plays a scenario's virtual time without training: every order is answered at once with the
/// adapter that it came with. Arrivals, versions and staleness are those of the real run, as long
/// as no update is rejected for its values. `warning` is told what a run would warn of.
Schedule simulate_schedule(const FederationConfig& config, const Learning& learning,
                           const Note& warning);

}  // namespace lorafleet::actors
