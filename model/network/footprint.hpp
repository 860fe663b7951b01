#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "model/config.hpp"

namespace lorafleet::model {

/// What training a base takes, from its config.json alone (model/network/flops.hpp,
/// model/network/memory.hpp).
struct Footprint {
  std::int64_t parameters = 0;  ///< of the base
  double train_flops_per_token = 0.0;
  std::int64_t base_bytes = 0;        ///< once for all slots
  std::int64_t packed_bytes = 0;      ///< more of it, as products on this CPU read it
  std::int64_t dense_bytes = 0;       ///< of the largest quantised layer as numbers, in each slot
  std::int64_t adapter_values = 0;    ///< of one adapter of the largest rank
  std::int64_t adapter_bytes = 0;     ///< of one, in each slot
  std::int64_t activation_bytes = 0;  ///< of a step or a part of one, in each slot; an estimate
  std::int64_t rows = 0;              ///< most tokens of such a part
};

/// What the base's matrices, jobs and passes take of a GPU's memory; an estimate.
struct DeviceFootprint {
  std::int64_t base_bytes = 0;
  std::int64_t adapter_bytes = 0;  ///< of a job
  std::int64_t rows = 0;           ///< most tokens of a job in a pass
  /// Of the activations of a pass that so many jobs share, and of a quantised layer as numbers.
  std::function<std::int64_t(std::int64_t jobs)> pass_bytes;
  /// Of so many tokens that are scored together.
  std::function<std::int64_t(std::int64_t tokens)> scoring_bytes;
};

/// As footprint, on a GPU.
std::optional<DeviceFootprint> device_footprint(const ModelConfig& model, const LoraConfig& lora,
                                                const TrainConfig& train, std::int64_t max_tokens);

/// No example has more than `max_tokens` tokens. Nothing where there is no config.json. Throws
/// InputError as reading it does, and where the base lacks what `lora` names.
std::optional<Footprint> footprint(const ModelConfig& model, const LoraConfig& lora,
                                   const TrainConfig& train, std::int64_t max_tokens);

}  // namespace lorafleet::model
