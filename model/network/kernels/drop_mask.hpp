#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lorafleet::model {

/// Where the decisions of a row of a dropout mask come from. Internal to model/.
struct DropRow {
  std::uint64_t key = 0;
  std::uint64_t counter = 0;  ///< the upper half of the generator's
  std::uint32_t first = 0;    ///< the row's first entry among those of this key and counter
};

/// Rows one after the other, whose entries are counted through.
struct DropRun {
  DropRow first;
  std::int64_t rows = 1;
};

/// Whether drop_mask draws for this device.
bool draws_on(const at::Device& device);

/// [rows of all runs, width] on the device, float32: 0 where an entry is dropped, with this
/// probability, else 1 / (1 - probability); the bits that drop_entries makes of ones. By a kernel
/// of our own on CUDA, in builds that know of it, else on the host. Throws for the CPU.
/// Does not wait for the device.
at::Tensor drop_mask(const std::vector<DropRun>& runs, std::int64_t width, double probability,
                     const at::Device& device);

/// What the kernel decides by, a word of each row: five of [rows, 1], int32, on the device.
std::vector<at::Tensor> drop_words(const std::vector<DropRun>& runs, std::int64_t width,
                                   const at::Device& device);

/// What is compared, and what a kept entry is multiplied by.
struct DropNumbers {
  std::uint32_t keep_below = 0;
  float kept = 1.0f;
  bool drops = true;  ///< else the probability is less than the generator can tell
};
DropNumbers drop_numbers(double probability);

/// The kernel on the host, entry by entry.
std::vector<float> drop_mask_by_kernel(const std::vector<DropRow>& rows, std::int64_t width,
                                       double probability);

/// What the GPU compiles.
const std::string& drop_kernel_text();

}  // namespace lorafleet::model
