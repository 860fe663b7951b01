#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/network/base_model.hpp"
#include "model/text/encoded_data.hpp"
#include "model/training/trainer.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::bench {

inline constexpr std::size_t kJobSteps = 8;

/// Of an example's tokens, those that are learned: an answer's.
inline constexpr double kLabelShare = 0.15;

/// What clients train: jobs of kJobSteps steps of 8 random examples of one length, the last of
/// whose tokens are labels; LoRA r = 8 on queries and values, AdamW, no dropout.
struct Work {
  /// Throws InputError, and what loading the base throws.
  Work(const model::ModelConfig& model, const std::string& device, std::int64_t step_tokens,
       std::size_t clients);

  [[nodiscard]] model::TrainJob job(std::size_t client) const;
  /// Useful ones: the output layer's products serve the labels' rows alone.
  [[nodiscard]] double flops_per_token() const;

  model::BaseModelPtr base;
  model::EncodedDataPtr data;
  model::LoraConfig lora;
  model::TrainConfig train;
  model::AdapterPtr start;
  std::vector<IndicesPtr> examples;  ///< of each client
  std::int64_t job_tokens = 0;
};

/// What a base and cohorts of it take of the machine's memory; an estimate.
struct HostMemory {
  double base = 0.0;  ///< bytes
  double job = 0.0;   ///< of an adapter in training
  double pass = 0.0;  ///< of a slot's activations
};
HostMemory host_memory(const model::ModelConfig& model, std::int64_t step_tokens);

/// The updates of the first clients, trained side by side. Throws what a job's training throws.
std::vector<std::vector<float>> train_round(model::Cohort& cohort, const Work& work,
                                            std::size_t clients);

}  // namespace lorafleet::bench
