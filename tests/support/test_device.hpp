#pragma once

#include <cstdlib>
#include <string>

namespace lorafleet::tests {

/// What an environment variable names, "cpu" where it is not set.
inline std::string device_named_by(const char* variable) {
  const char* const name = std::getenv(variable);
  return name == nullptr || *name == '\0' ? "cpu" : name;
}

/// Where the tests of the network compute: "cuda:0" on a machine with a GPU.
inline std::string test_device() {
  return device_named_by("LORAFLEET_TEST_DEVICE");
}

/// Where benchmarks do.
inline std::string bench_device() {
  return device_named_by("LORAFLEET_BENCH_DEVICE");
}

}  // namespace lorafleet::tests
