#include "model/device/device_memory.hpp"

#include <cstddef>

#include "model/device/device_name.hpp"

namespace lorafleet::model {

std::optional<DeviceMemory> device_memory(const std::string& device,
                                          const std::function<void*(const char*)>& symbol) {
  if (is_cpu(device)) return std::nullopt;
  void* const info = symbol("cudaMemGetInfo");
  void* const get = symbol("cudaGetDevice");
  void* const set = symbol("cudaSetDevice");
  if (info == nullptr || get == nullptr || set == nullptr) return std::nullopt;
  int before = 0;
  std::size_t free = 0, all = 0;
  if (reinterpret_cast<int (*)(int*)>(get)(&before) != 0) return std::nullopt;
  const auto choose = reinterpret_cast<int (*)(int)>(set);
  if (choose(device_index(device)) != 0) return std::nullopt;
  const int status = reinterpret_cast<int (*)(std::size_t*, std::size_t*)>(info)(&free, &all);
  choose(before);
  if (status != 0) return std::nullopt;
  return DeviceMemory{static_cast<std::int64_t>(free), static_cast<std::int64_t>(all)};
}

}  // namespace lorafleet::model
