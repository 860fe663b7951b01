#pragma once

#include <map>
#include <string>

#include "actors/config/federation_config.hpp"
#include "actors/run/slot_jobs.hpp"

namespace lorafleet::actors {

/// summary.json's "environment": what computes, on how many slots.
std::map<std::string, std::string> environment_of(const SlotsConfig& config, const SlotJobs& slots);

/// What computes, for run.log. `device` as in [slots].
std::string computing_line(const std::string& device);

}  // namespace lorafleet::actors
