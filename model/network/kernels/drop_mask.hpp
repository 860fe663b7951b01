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

/// Of a mask of `count` rows of this width, whose entries are counted through.
std::vector<DropRow> consecutive_rows(const DropRow& first, std::int64_t count, std::int64_t width);

/// Whether masks are drawn there by a kernel of our own.
bool draws_on(const at::Device& device);

/// [rows, width] on the device, float32: 0 where an entry is dropped, with this probability, else
/// 1 / (1 - probability); the bits that drop_entries makes of ones. Throws where the device draws
/// no masks. Does not wait for the device.
at::Tensor drop_mask(const std::vector<DropRow>& rows, std::int64_t width, double probability,
                     const at::Device& device);

/// What is compared, and what a kept entry is multiplied by.
struct DropNumbers {
  std::uint32_t keep_below = 0;
  float kept = 1.0f;
  bool drops = true;  ///< else the probability is less than the generator can tell
};
DropNumbers drop_numbers(double probability);

/// The kernel on the host, entry by entry, for tests.
std::vector<float> drop_mask_by_kernel(const std::vector<DropRow>& rows, std::int64_t width,
                                       double probability);

/// What the GPU compiles.
const std::string& drop_kernel_text();

}  // namespace lorafleet::model
