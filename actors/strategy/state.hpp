#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lorafleet::strategy {

/// What a part of the strategy remembers between versions, for checkpoints: vectors by name, in a
/// fixed order. Doubles hold every float and every whole number up to 2^53.
using NamedVectors = std::vector<std::pair<std::string, std::vector<double>>>;

}  // namespace lorafleet::strategy
