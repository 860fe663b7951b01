#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lorafleet::model {

/// Bytes of a device's memory.
struct DeviceMemory {
  std::int64_t free = 0;
  std::int64_t all = 0;
};

/// Of the GPU of this name that is in use ("cuda", "cuda:N"); nothing for the CPU, or where CUDA's
/// runtime does not say. `symbol` gives the address of a function of it by its name, or null.
std::optional<DeviceMemory> device_memory(const std::string& device,
                                          const std::function<void*(const char*)>& symbol);

}  // namespace lorafleet::model
