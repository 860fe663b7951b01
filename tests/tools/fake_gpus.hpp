#pragma once

#include <string>
#include <vector>

#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"

#ifdef LORAFLEET_FAKE_GPU
namespace lorafleet::tests {

/// What makes the program see GPUs that the host pretends (tests/fake_gpu), with these settings
/// ("LORAFLEET_FAKE_GPUS=3").
inline std::vector<std::string> with_fake_gpus(std::vector<std::string> settings = {}) {
  settings.insert(settings.begin(), {"env", std::string("LD_PRELOAD=") + LORAFLEET_FAKE_GPU});
  return settings;
}

inline Output run_on_gpus(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& settings = {}) {
  return Program(arguments, "", with_fake_gpus(settings)).wait();
}

/// The arguments of a command that trains the smallest base on `device`.
inline std::vector<std::string> on_device(const std::string& device,
                                          std::vector<std::string> arguments) {
  const std::string base = (source_folder() / "scenarios" / "base" / "opt-nano").string();
  arguments.insert(arguments.end(),
                   {"--set", "slots.device=" + device, "--set", "model.path=" + base});
  return arguments;
}

}  // namespace lorafleet::tests
#endif
