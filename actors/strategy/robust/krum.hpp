#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "actors/strategy/lora/lora_rule.hpp"

namespace lorafleet::strategy {

/// The f that `byzantine` of [aggregation] means for a fold of n items, before it is lowered: a
/// number from 1 on, else the share floor(byzantine n).
std::size_t wanted_byzantine(double byzantine, std::size_t n);

/// The largest f with n >= 2 f + 3; 0 for n below 3.
std::size_t most_byzantine(std::size_t n);

/// Krum's score of each item (arXiv 1703.02757, section 4): the sum, in rising order, of its
/// n - f - 2 smallest squared distances to the others. Needs n >= 3 and f <= most_byzantine(n).
std::vector<double> krum_scores(std::span<const FoldItem> items, std::size_t f);

}  // namespace lorafleet::strategy
