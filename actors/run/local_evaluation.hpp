#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "model/evaluation/evaluation.hpp"
#include "model/training/trainer.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::actors {

/// One client on its own test part: CLLoRA's comparison (arXiv 2502.18910) of the global model with
/// the client's own.
struct LocalScore {
  std::uint32_t client = 0;
  std::int64_t train_examples = 0;
  double context_tokens = 0.0;  ///< mean over the client's test part
  model::Score base;            ///< without an adapter; a classifier with version 0, which is none
  model::Score global;          ///< with the final version, as this client has it
  model::Score after_training;  ///< with what the client's own training makes of it
  /// With what it makes of the initial adapter alone, never seeing the others.
  std::optional<model::Score> alone;
};

/// What local evaluation needs of a run.
struct LocalParts {
  std::shared_ptr<const model::Trainer> trainer;
  /// A scorer of the client's own test part, for this one of the slots.
  std::function<std::unique_ptr<model::Scorer>(std::uint32_t client, std::size_t slot)> scorer;
  std::function<double(std::uint32_t client)> context_tokens;  ///< mean over its test part
  std::vector<IndicesPtr> train;                               ///< by client
  std::vector<std::uint32_t> clients;                          ///< to evaluate
  /// What the client has of the final version: at its own rank, with its private factors.
  std::function<model::AdapterPtr(std::uint32_t client)> adapter;
  model::Factors trains = model::Factors::both;  ///< in a job that starts from it
  std::int64_t alone_jobs = 0;  ///< that a client does alone, one after the other; 0: not looked at
  /// What it starts from then: version 0 at its own rank.
  std::function<model::AdapterPtr(std::uint32_t client)> start;
  bool bare_base = true;  ///< the base can be scored without an adapter: it is no classifier
  std::uint64_t run_seed = 0;
  std::uint64_t version = 0;  ///< the final one
  std::size_t slots = 1;
  int threads = 1;
};

/// Scores each of the clients, `slots` at a time; the result does not depend on how many. Where it
/// is asked to stop, the clients that were finished.
std::vector<LocalScore> evaluate_locally(const LocalParts& parts, std::stop_token stop);

}  // namespace lorafleet::actors
