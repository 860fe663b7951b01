#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/run/learning.hpp"
#include "actors/run/run_options.hpp"

namespace lorafleet::actors {

/// The timing-only schedule of a scenario: everything but training and evaluation.
struct Schedule {
  RunTotals totals;
  std::int64_t clients = 0;
  std::int64_t clients_used = 0;  ///< with at least one update applied
  double mean_staleness = 0.0;    ///< of the updates received
  std::uint64_t max_staleness = 0;
  std::vector<std::int64_t> updates_by_tier;  ///< applied, in the order of [devices] tiers
  std::vector<std::string> tier_names;
  std::string events_sha256;
};

/// Plays a scenario's virtual time without training: every order is answered at once with the
/// adapter that it came with. Arrivals, versions and staleness are those of the real run, as long
/// as no update is rejected for its values. `warning` is told what a run would warn of.
Schedule simulate_schedule(const FederationConfig& config, Learning learning, const Note& warning);

/// The same for a scenario of which nothing is loaded yet. Throws InputError.
Schedule dry_run(const FederationConfig& config, const RunOptions& options);

}  // namespace lorafleet::actors
