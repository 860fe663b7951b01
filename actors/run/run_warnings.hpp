#pragma once

#include <string>
#include <vector>

#include "actors/run/learning.hpp"

namespace lorafleet::actors {

/// What can be seen before a run that would make it meaningless or slow: models of time that do
/// not vary, clients without data, slots that cannot be kept busy. `world` is at time 0.
std::vector<std::string> warnings_before(const FederationConfig& config, const Learning& learning,
                                         const sim::World& world, std::size_t slots);

}  // namespace lorafleet::actors
