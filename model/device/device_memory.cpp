#include "model/device/device_memory.hpp"

#include <cstddef>

#include "model/device/device_allocator.hpp"
#include "model/device/device_name.hpp"

namespace lorafleet::model {

std::optional<std::int64_t> free_memory(const std::string& device,
                                        const std::function<void*(const char*)>& symbol) {
  if (is_cpu(device)) return std::nullopt;
  void* const info = symbol("cudaMemGetInfo");
  void* const get = symbol("cudaGetDevice");
  void* const set = symbol("cudaSetDevice");
  if (info == nullptr || get == nullptr || set == nullptr) return std::nullopt;
  const auto choose = reinterpret_cast<int (*)(int)>(set);
  int before = 0;
  if (reinterpret_cast<int (*)(int*)>(get)(&before) != 0) return std::nullopt;
  const int own = device_index(device);
  if (own != before && choose(own) != 0) return std::nullopt;
  empty_allocator_cache();
  std::size_t free = 0, all = 0;
  const int status = reinterpret_cast<int (*)(std::size_t*, std::size_t*)>(info)(&free, &all);
  if (own != before) choose(before);
  if (status != 0) return std::nullopt;
  return static_cast<std::int64_t>(free);
}

}  // namespace lorafleet::model
