#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "actors/federation_config.hpp"

namespace lorafleet::actors {

/// summary.json's "environment": what computes, on how many slots.
std::map<std::string, std::string> environment_of(const SlotsConfig& config, std::size_t slots);

/// What computes, for run.log. `device` as in [slots].
std::string computing_line(const std::string& device);

}  // namespace lorafleet::actors
