#include "actors/run/slot_jobs.hpp"

#include <algorithm>
#include <cstdint>

#include "model/device/device_memory.hpp"
#include "model/device/process.hpp"
#include "model/network/device_fit.hpp"

namespace lorafleet::actors {

std::size_t jobs_that_fit(const FederationConfig& config, const Learning& learning,
                          const SlotJobs& wish, const Note& warning) {
  if (learning.base == nullptr || learning.work == nullptr || wish.slots == 0)
    return wish.jobs_of_slot;
  const auto free = model::free_memory(config.slots.device, model::loaded);
  if (!free) return wish.jobs_of_slot;
  std::int64_t longest = 1;
  for (std::size_t i = 0; i < learning.work->encoded->size(); ++i) {
    longest = std::max(longest, static_cast<std::int64_t>(learning.work->encoded->length(i)));
  }
  const auto takes = model::device_footprint(config.model, config.lora, config.train, longest);
  if (!takes) return wish.jobs_of_slot;
  return model::jobs_that_fit({config.slots.device, wish.slots, wish.jobs_of_slot}, *takes, *free,
                              warning);
}

}  // namespace lorafleet::actors
