#pragma once

#include <memory>
#include <span>

#include "actors/strategy/config.hpp"
#include "actors/strategy/lora_rule.hpp"
#include "actors/strategy/server_optimizer.hpp"
#include "model/adapter.hpp"

namespace lorafleet::strategy {

/// Folds updates into the next global adapter: the LoRA rule, then the server optimiser.
class Aggregator {
 public:
  /// Throws InputError for unknown names and bad options.
  explicit Aggregator(const AggregationConfig& config);

  /// The next adapter, or null where it would hold a NaN or an infinity.
  model::AdapterPtr fold(const model::Adapter& current, std::span<const FoldItem> items);

 private:
  std::unique_ptr<LoraRule> rule_;
  std::unique_ptr<ServerOptimizer> optimizer_;
};

}  // namespace lorafleet::strategy
