#pragma once

#include <cstddef>

#include "actors/config/federation_config.hpp"
#include "actors/run/learning.hpp"

namespace lorafleet::actors {

/// Slots of this process, and the jobs that each of them trains side by side.
struct SlotJobs {
  std::size_t slots = 1;
  std::size_t jobs_of_slot = 1;
};

/// How many jobs each slot trains side by side: as many as wished, or what fits beside the base
/// into the memory of a GPU, and `warning` says so. Results do not depend on it.
std::size_t jobs_that_fit(const FederationConfig& config, const Learning& learning,
                          const SlotJobs& wish, const Note& warning);

}  // namespace lorafleet::actors
