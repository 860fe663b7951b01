#include "actors/run/environment.hpp"

#include <algorithm>
#include <cstdint>

#include "model/device/blas_kernels.hpp"
#include "model/device/device_memory.hpp"
#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/network/device_fit.hpp"

namespace lorafleet::actors {

std::map<std::string, std::string> environment_of(const SlotsConfig& config,
                                                  const SlotJobs& slots) {
  const auto runtime = model::runtime_info(config.device);
  return {{"libtorch", runtime.libtorch},
          {"blas", runtime.blas},
          {"blas_kernels", runtime.kernels},
          {"onednn", runtime.onednn},
          {"cpu", runtime.cpu},
          {"isa", runtime.isa},
          {"device", runtime.device},
          {"slots", std::to_string(slots.slots)},
          {"jobs_of_slot", std::to_string(slots.jobs_of_slot)},
          {"threads_per_slot", std::to_string(config.threads)}};
}

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

std::string computing_line(const std::string& device) {
  const auto runtime = model::runtime_info(device);
  const std::string& instead = model::blas_kernels().instead;
  return "computing with LibTorch " + runtime.libtorch + ", " + runtime.kernels +
         " kernels of BLAS" +
         (instead.empty() ? "" : " (chosen for this CPU, by itself it takes " + instead + ")") +
         ", oneDNN " + runtime.onednn + ", on " +
         (model::is_cpu(runtime.device) ? runtime.cpu : runtime.device);
}

}  // namespace lorafleet::actors
