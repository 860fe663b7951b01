#pragma once

#include <memory>
#include <span>
#include <vector>

#include "actors/strategy/registry.hpp"
#include "model/adapter.hpp"

namespace lorafleet::strategy {

/// One update as a rule folds it: its part of the aggregate is weight * (adapter - anchor), in the
/// space in which the rule averages.
struct FoldItem {
  model::AdapterPtr adapter;  ///< as trained by the client
  model::AdapterPtr
      anchor;  ///< the adapter it started from, or the current one: the mode says which
  double weight = 0.0;
};

/// How LoRA factors are folded.
class LoraRule {
 public:
  virtual ~LoraRule() = default;
  /// The change of the global adapter's values, `current.values.size()` numbers, from at least one
  /// item. Sums run in the order of `items`, in double.
  [[nodiscard]] virtual std::vector<double> aggregate(const model::Adapter& current,
                                                      std::span<const FoldItem> items) const = 0;
};

/// [aggregation] lora.
///   fedit: the factors are averaged apart (arXiv 2305.05644), A and B alike:
///          delta = sum_k weight_k (w_k - anchor_k). Needs equal ranks.
const Registry<LoraRule>& lora_rules();

}  // namespace lorafleet::strategy
