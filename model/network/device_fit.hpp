#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "model/network/footprint.hpp"

namespace lorafleet::model {

/// What slots of a GPU ask for.
struct SlotWish {
  std::string device;
  std::size_t slots = 1;
  std::size_t jobs_of_slot = 1;
};

/// How many jobs each slot can train side by side in `free` bytes, once the base is there: as many
/// as wished, or fewer, and `warning` says so, also where there may be no room for one in each.
/// Results do not depend on it.
std::size_t jobs_that_fit(const SlotWish& wish, const DeviceFootprint& takes, std::int64_t free,
                          const std::function<void(const std::string&)>& warning);

}  // namespace lorafleet::model
