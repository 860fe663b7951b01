#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "actors/sim/config.hpp"
#include "actors/sim/timeline.hpp"

namespace lorafleet::sim {

/// When each client is there, by [availability] model; nullptr: always ("always", "bernoulli").
/// Throws InputError for unknown models, values out of range and files that cannot be read.
std::unique_ptr<const Timeline> availability_timeline(const AvailabilityConfig& config,
                                                      std::size_t clients, std::uint64_t run_seed);

}  // namespace lorafleet::sim
