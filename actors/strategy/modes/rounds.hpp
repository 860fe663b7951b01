#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/strategy/modes/policy.hpp"

namespace lorafleet::strategy {

/// What the modes with rounds share, from the file of the simplest of them.
Mode sync();

/// The policy of `sync`. Throws InputError for options out of range.
std::unique_ptr<Policy> make_rounds(const ClientsConfig& clients, const AggregationConfig& config);

/// [clients] late.
std::vector<std::string> late_names();

}  // namespace lorafleet::strategy
