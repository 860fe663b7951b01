#pragma once

#include <cstdint>
#include <optional>

namespace lorafleet::model {

// Internal to model/ and bench/: LibTorch's allocator of a GPU. Nothing happens, and nothing is
// known, where this is compiled against a LibTorch without CUDA, or against one before 2.9 without
// the headers of CUDA's runtime.

/// What it has counted of a GPU.
struct AllocatorStats {
  std::int64_t peak_bytes = 0;     ///< of tensors, at most, since reset_allocator_peak
  std::int64_t peak_reserved = 0;  ///< the same with what is kept for later
  std::int64_t refusals = 0;       ///< how often there was no memory, since the process began
};
/// Nothing before LibTorch has used a GPU, too.
std::optional<AllocatorStats> allocator_stats(int gpu);

/// Lets the peaks of a GPU begin anew.
void reset_allocator_peak(int gpu);

/// Gives back to the calling thread's GPU what is kept for later.
void empty_allocator_cache();

}  // namespace lorafleet::model
