#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/run/learning.hpp"

namespace lorafleet::actors {

struct RunOptions;

/// Slots of this process, and the jobs that each of them trains side by side.
struct SlotJobs {
  std::size_t slots = 1;
  std::size_t jobs_of_slot = 1;
};

/// Where a run's jobs train in this process: the devices that [slots] device names, one at least,
/// and no more than `slots`, by itself what [slots] count says. `warning` hears of those without a
/// slot. Throws InputError where a device is not there.
std::vector<std::string> training_devices(const FederationConfig& config,
                                          std::optional<std::size_t> slots, const Note& warning);

/// The same of a run: the stand-ins that `options` give, or as many as the slots of its own need.
std::vector<std::string> devices_of_run(const FederationConfig& config, const RunOptions& options,
                                        const Note& warning);

/// How so many jobs at a time go into slots of at most `cohort` jobs: in as few as that takes, but
/// as many on each of the devices, as far as there are jobs. Nothing is 0.
SlotJobs slots_for(std::size_t jobs, std::size_t cohort, std::size_t devices);

/// Of `slots` slots, those on device `place` of `devices`.
std::size_t slots_on(std::size_t place, std::size_t devices, std::size_t slots);

/// Throws InputError where a GPU has no room for the base, which is not there yet.
void check_base_fits(const FederationConfig& config, const std::vector<std::string>& devices);

/// Bytes that a device has left; nothing for a CPU.
using FreeMemory = std::function<std::optional<std::int64_t>(const std::string& device)>;
std::optional<std::int64_t> free_memory_now(const std::string& device);

/// How many jobs each slot trains side by side: as many as wished, or what fits into the memory of
/// each GPU beside the base, and on the first one, where this process evaluates, beside its
/// batches; `warning` says so. Results do not depend on it. Throws InputError where a GPU has no
/// room for one of the clients' first jobs.
std::size_t jobs_that_fit(const FederationConfig& config, const Learning& learning,
                          const SlotJobs& wish, bool evaluates, const Note& warning,
                          const FreeMemory& free = free_memory_now);

}  // namespace lorafleet::actors
