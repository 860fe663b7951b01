#include "model/device/device_allocator.hpp"

#include <cstddef>

#ifdef LORAFLEET_CUDA
#include "model/device/torch_version.hpp"
#if LORAFLEET_TORCH_AT_LEAST(2, 9)
#include <c10/core/CachingDeviceAllocator.h>
#define LORAFLEET_DEVICE_ALLOCATOR c10::getDeviceAllocator(c10::DeviceType::CUDA)
#elif __has_include(<cuda_runtime_api.h>)
#include <c10/cuda/CUDACachingAllocator.h>
#define LORAFLEET_DEVICE_ALLOCATOR c10::cuda::CUDACachingAllocator::get()
#endif
#endif

namespace lorafleet::model {

#ifdef LORAFLEET_DEVICE_ALLOCATOR

namespace {

/// Null before LibTorch has used a GPU.
auto* allocator() {
  auto* const own = LORAFLEET_DEVICE_ALLOCATOR;
  return own->initialized() ? own : nullptr;
}

}  // namespace

std::optional<AllocatorStats> allocator_stats(int gpu) {
  auto* const own = allocator();
  if (own == nullptr) return std::nullopt;
  const auto stats = own->getDeviceStats(static_cast<c10::DeviceIndex>(gpu));
  constexpr std::size_t kAll = 0;  // StatType::AGGREGATE, whose namespace varies
  return AllocatorStats{stats.allocated_bytes[kAll].peak, stats.reserved_bytes[kAll].peak,
                        stats.num_ooms};
}

void reset_allocator_peak(int gpu) {
  if (auto* const own = allocator()) own->resetPeakStats(static_cast<c10::DeviceIndex>(gpu));
}

void empty_allocator_cache() {
  if (auto* const own = allocator()) own->emptyCache();
}

#else

std::optional<AllocatorStats> allocator_stats(int) {
  return std::nullopt;
}
void reset_allocator_peak(int) {}
void empty_allocator_cache() {}

#endif

}  // namespace lorafleet::model
