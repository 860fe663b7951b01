#pragma once

#include <cstdint>
#include <string>

namespace lorafleet::bench {

/// A product of two square matrices in bfloat16.
struct SquareProduct {
  std::int64_t size = 0;
  double flops_per_second = 0.0;  ///< of the fastest run
};

/// 8,192 on a GPU, 1,024 on the CPU.
std::int64_t usual_product_size(const std::string& device);

/// What a device reaches in a product of that size; on the CPU with as many threads as the calling
/// thread is configured for, and by oneDNN where training takes it. Takes about `seconds`.
SquareProduct largest_product(const std::string& device, std::int64_t size, double seconds);

}  // namespace lorafleet::bench
