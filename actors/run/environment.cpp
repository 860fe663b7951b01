#include "actors/run/environment.hpp"

#include "model/device/blas_kernels.hpp"
#include "model/device/device_memory.hpp"
#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/network/device_fit.hpp"

namespace lorafleet::actors {

std::map<std::string, std::string> environment_of(const SlotsConfig& config, std::size_t slots) {
  const auto runtime = model::runtime_info(config.device);
  return {{"libtorch", runtime.libtorch},
          {"blas", runtime.blas},
          {"blas_kernels", runtime.kernels},
          {"onednn", runtime.onednn},
          {"cpu", runtime.cpu},
          {"isa", runtime.isa},
          {"device", runtime.device},
          {"slots", std::to_string(slots)},
          {"jobs_of_slot", std::to_string(config.jobs_of_slot())},
          {"threads_per_slot", std::to_string(config.threads)}};
}

std::size_t jobs_of_slot(const FederationConfig& config, const Learning& learning,
                         std::size_t slots, const Note& warning) {
  const std::size_t wished = config.slots.jobs_of_slot();
  if (learning.base == nullptr) return wished;
  const auto memory = model::device_memory(config.slots.device, model::loaded);
  if (!memory) return wished;
  const auto takes =
      model::device_footprint(config.model, config.lora, config.train, config.encoding.max_tokens);
  if (!takes) return wished;
  return model::jobs_that_fit({config.slots.device, slots, wished}, *takes, memory->free, warning);
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
