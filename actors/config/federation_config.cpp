#include "actors/config/federation_config.hpp"

#include <algorithm>
#include <thread>

#include "model/device/device_name.hpp"

namespace lorafleet::actors {

std::size_t SlotsConfig::slots(std::size_t devices) const {
  if (count > 0) return static_cast<std::size_t>(count);
  return model::is_cpu(device) ? std::max(1u, std::thread::hardware_concurrency()) : devices;
}

std::size_t SlotsConfig::jobs_of_slot() const {
  if (cohort > 0) return static_cast<std::size_t>(cohort);
  return model::is_cpu(device) ? 1 : 16;
}

}  // namespace lorafleet::actors
