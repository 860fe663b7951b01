#pragma once

#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/run/run_options.hpp"
#include "model/evaluation/evaluation.hpp"

namespace lorafleet::actors {

/// The split alone: data read, encoded and distributed, without training. Writes partition.json and
/// partition.svg under `options.out` unless it is empty; returns a table for people.
std::string partition_only(const FederationConfig& config, const RunOptions& options);

struct AdapterEvaluation {
  model::Evaluation evaluation;
  std::vector<std::string> classes;  ///< what a classifier's are called
};

/// Scores an adapter (null: the base alone) on a scenario's held-out examples as a run's final
/// adapter is scored, its metrics included. `predict`: a classifier's answers are among the
/// predictions, for which the examples are read once more.
AdapterEvaluation evaluate_adapter(const FederationConfig& config, const model::AdapterPtr& adapter,
                                   bool predict, const RunOptions& options);

}  // namespace lorafleet::actors
