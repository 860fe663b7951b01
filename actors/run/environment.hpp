#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "actors/config/federation_config.hpp"
#include "actors/run/slot_jobs.hpp"

namespace lorafleet::actors {

/// summary.json's "environment": what computes, on how many devices and slots.
std::map<std::string, std::string> environment_of(const SlotsConfig& config, std::size_t devices,
                                                  const SlotJobs& slots);

/// What computes, for run.log.
std::string computing_line(const SlotsConfig& config, std::size_t devices);

}  // namespace lorafleet::actors
