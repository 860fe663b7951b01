#pragma once

#include <span>

#include "actors/strategy/lora/lora_rule.hpp"
#include "model/adapter/adapter.hpp"

namespace lorafleet::strategy {

/// What is trained whole, such as a classifier, in a rule that folds products: x + lr sum_k w_k
/// (x_k - anchor_k) into `next`, of the layout of `current`. Whole tensors are alike in all layouts
/// of a run. Nothing where there are none.
void fold_whole(const model::Adapter& current, std::span<const FoldItem> items, double lr,
                model::Adapter& next);

/// As they are.
void copy_whole(const model::Adapter& from, model::Adapter& to);

}  // namespace lorafleet::strategy
