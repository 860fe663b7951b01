#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/coordinator/coordinator.hpp"
#include "actors/output/participation.hpp"
#include "actors/output/rounds_csv.hpp"
#include "actors/run/local_evaluation.hpp"
#include "model/config.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/text/encoding.hpp"

namespace lorafleet::actors {

/// What summary.json is made of.
struct RunSummary {
  std::string name;
  std::uint64_t seed = 0;
  std::string status;
  std::string adapter_sha256;
  std::string events_sha256;
  RunTotals totals;
  std::int64_t clients = 0;
  std::int64_t train_examples = 0;
  std::int64_t test_examples = 0;
  std::vector<std::string> classes;  ///< what a classifier's are called
  double wall_seconds = 0.0;
  std::int64_t peak_rss_bytes = 0;
  std::optional<model::Evaluation> initial;
  std::optional<model::Evaluation> final;
  double target_perplexity = 0.0;           ///< 0: none
  std::optional<TargetReached> to_target;   ///< where it was reached
  std::optional<model::ModelConfig> model;  ///< where there is a base
  std::map<std::string, std::string> environment;
  model::EncodingReport encoding;
  std::vector<bool> slow_half;  ///< of the clients, by device speed
  Participation participation;
  std::optional<std::vector<LocalScore>> local;  ///< of the clients with a test part of their own
};

/// An evaluation as an object of summary.json; `classes` as in a summary.
std::string evaluation_json(const model::Evaluation& evaluation,
                            const std::vector<std::string>& classes = {});

/// The text of summary.json; keys as in docs/run-directory.md.
std::string summary_json(const RunSummary& summary);

/// Every number of a summary under its dotted key ("final.perplexity").
std::map<std::string, double> summary_figures(const std::string& summary_text);

}  // namespace lorafleet::actors
