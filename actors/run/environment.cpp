#include "actors/run/environment.hpp"

#include "model/device/blas_kernels.hpp"
#include "model/device/device_name.hpp"
#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"

namespace lorafleet::actors {

std::map<std::string, std::string> environment_of(const SlotsConfig& config, std::size_t devices,
                                                  const SlotJobs& slots) {
  const auto runtime = model::runtime_info(config.device);
  std::map<std::string, std::string> environment = {
      {"libtorch", runtime.libtorch},
      {"blas", runtime.blas},
      {"blas_kernels", runtime.kernels},
      {"onednn", runtime.onednn},
      {"cpu", runtime.cpu},
      {"isa", runtime.isa},
      {"device", runtime.device},
      {"slots", std::to_string(slots.slots)},
      {"jobs_of_slot", std::to_string(slots.jobs_of_slot)},
      {"threads_per_slot", std::to_string(config.threads)}};
  if (devices > 0 && !model::is_cpu(config.device)) environment["gpus"] = std::to_string(devices);
  return environment;
}

std::string computing_line(const SlotsConfig& config, std::size_t devices) {
  const auto runtime = model::runtime_info(config.device);
  const std::string& instead = model::blas_kernels().instead;
  return "computing with LibTorch " + runtime.libtorch + ", " + runtime.kernels +
         " kernels of BLAS" +
         (instead.empty() ? "" : " (chosen for this CPU, by itself it takes " + instead + ")") +
         ", oneDNN " + runtime.onednn + ", on " +
         (devices > 1 ? std::to_string(devices) + " x " : "") +
         (model::is_cpu(runtime.device) ? runtime.cpu : runtime.device);
}

}  // namespace lorafleet::actors
