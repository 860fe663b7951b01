#pragma once
// Internal to the robust rules.

#include <cstddef>
#include <vector>

#include "actors/strategy/lora/lora_rule.hpp"

namespace lorafleet::strategy {

/// Of at least one value; of an even number the mean of the two in the middle. Changes the order.
double median(std::vector<double>& values);

/// adapter - anchor in coordinate i.
inline double change(const FoldItem& item, std::size_t i) {
  return static_cast<double>(item.adapter->values[i]) - static_cast<double>(item.anchor->values[i]);
}

}  // namespace lorafleet::strategy
