#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "actors/federation_config.hpp"
#include "actors/run/learning.hpp"

namespace lorafleet::actors {

/// summary.json's "environment": what computes, on how many slots.
std::map<std::string, std::string> environment_of(const SlotsConfig& config, std::size_t slots);

/// How many jobs a slot trains side by side: slots.cohort, or what fits beside the base into the
/// memory of a GPU, and `warning` says so. Throws InputError where nothing fits.
std::size_t jobs_of_slot(const FederationConfig& config, const Learning& learning,
                         std::size_t slots, const Note& warning);

/// What computes, for run.log. `device` as in [slots].
std::string computing_line(const std::string& device);

}  // namespace lorafleet::actors
