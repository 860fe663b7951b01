#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/distributed.hpp"
#include "actors/federation_config.hpp"
#include "model/evaluation/evaluation.hpp"

namespace lorafleet::actors {

/// A glance at a run, given at each new version and score, and now and then at an arrival.
struct Progress {
  RunTotals totals;
  double train_loss = 0.0;  ///< mean over the updates of the latest version
  std::optional<std::uint64_t> evaluated_version;
  double perplexity = 0.0;  ///< of `evaluated_version`
  double wall_seconds = 0.0;
  double tokens_per_second = 0.0;  ///< trained, per wall second
  double done = 0.0;               ///< 0 to 1, by the nearest stop condition
  bool milestone = true;           ///< a new version or score, not just an arrival
};

struct RunOptions {
  std::filesystem::path out;        ///< the run directory; made by run_federation
  std::string scenario_toml;        ///< resolved scenario, stored as scenario.toml
  std::string identity;             ///< of all in the scenario that decides on the bytes of a run
  bool resume = false;              ///< go on from the latest checkpoint in `out`, if there is one
  std::optional<HeadOptions> head;  ///< given: the slots of other hosts train for this run
  std::stop_token stop;  ///< asked to stop: the run ends cleanly with status "interrupted"
  std::function<void(const Progress&)> progress;    ///< called from one thread at a time
  std::function<void(const std::string&)> log;      ///< info lines ("loaded the base ...")
  std::function<void(const std::string&)> warning;  ///< what a user should know
};

/// What a run came to. `figures` holds every number of summary.json under its dotted key
/// ("final.perplexity"), for [expect] thresholds.
struct RunOutcome {
  std::string status;  ///< "completed", "interrupted", "no_progress"
  std::string stop_reason;
  std::string adapter_sha256;
  std::string events_sha256;
  std::map<std::string, double> figures;
};

/// Loads base and data, splits them, spawns the actors, runs the scenario and writes the run
/// directory (scenario.toml, summary.json, rounds.csv, clients.csv, events.jsonl, partition.json,
/// trace.json, adapter/). Throws InputError before anything is trained, RuntimeFailure when the run
/// failed.
RunOutcome run_federation(const FederationConfig& config, const RunOptions& options);

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

Schedule dry_run(const FederationConfig& config, const RunOptions& options);

/// The split alone: data read, encoded and distributed, without training. Writes partition.json and
/// partition.svg under `options.out` unless it is empty; returns a table for people.
std::string partition_only(const FederationConfig& config, const RunOptions& options);

/// Scores an adapter (null: the base alone) on a scenario's held-out examples as a run's final
/// adapter is scored, its metrics included.
model::Evaluation evaluate_adapter(const FederationConfig& config, const model::AdapterPtr& adapter,
                                   const RunOptions& options);

}  // namespace lorafleet::actors
