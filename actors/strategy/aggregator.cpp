#include "actors/strategy/aggregator.hpp"

#include <algorithm>
#include <cmath>

namespace lorafleet::strategy {

Aggregator::Aggregator(const AggregationConfig& config)
    : rule_(lora_rules().make(config.lora)),
      optimizer_(server_optimizers().make(config.server_optimizer, config)) {}

model::AdapterPtr Aggregator::fold(const model::Adapter& current, std::span<const FoldItem> items) {
  const auto delta = rule_->aggregate(current, items);
  if (!std::all_of(delta.begin(), delta.end(), [](double x) { return std::isfinite(x); })) {
    return nullptr;
  }
  const NamedVectors before = optimizer_->state();
  auto next = std::make_shared<model::Adapter>(
      model::Adapter{current.layout, optimizer_->step(current.values, delta)});
  if (model::all_finite(*next)) return next;
  optimizer_->restore(before);
  return nullptr;
}

}  // namespace lorafleet::strategy
