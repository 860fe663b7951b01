#pragma once
// Internal to the robust rules.

#include <memory>
#include <vector>

#include "actors/strategy/robust/robust.hpp"

namespace lorafleet::strategy {

std::unique_ptr<RobustRule> make_median(const AggregationConfig& config);
std::unique_ptr<RobustRule> make_trimmed_mean(const AggregationConfig& config);
std::unique_ptr<RobustRule> make_krum(const AggregationConfig& config);
std::unique_ptr<RobustRule> make_multi_krum(const AggregationConfig& config);

/// Of at least one value; of an even number the mean of the two in the middle. Changes the order.
double median(std::vector<double>& values);

/// adapter - anchor in coordinate i.
inline double change(const FoldItem& item, std::size_t i) {
  return static_cast<double>(item.adapter->values[i]) - static_cast<double>(item.anchor->values[i]);
}

}  // namespace lorafleet::strategy
