#pragma once

#include "actors/config/federation_config.hpp"
#include "actors/run/run_options.hpp"

namespace lorafleet::actors {

/// Loads base and data, splits them, spawns the actors, runs the scenario and writes the run
/// directory (scenario.toml, summary.json, rounds.csv, clients.csv, events.jsonl, partition.json,
/// trace.json, adapter/). Throws InputError before anything is trained, RuntimeFailure when the run
/// failed.
RunOutcome run_federation(const FederationConfig& config, const RunOptions& options);

}  // namespace lorafleet::actors
