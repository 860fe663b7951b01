#pragma once

#include <cstdint>
#include <span>

namespace lorafleet::model {

/// Which entries of a row are dropped: by Philox4x32-10 (Salmon et al., SC 2011), sixteen blocks at
/// a time, since a decision of philox4x64's takes six times as long. Internal to model/.
struct DropSource {
  std::uint64_t key = 0;
  std::uint64_t counter = 0;  ///< the upper half of the generator's
};

/// Multiplies each entry by 0 with this probability, exact to 2^-32, else by 1 / (1 - probability).
/// Entry 64 b + 16 w + l goes by word w of block 16 b + l, on every CPU.
void drop_entries(std::span<float> values, const DropSource& source, double probability);

/// One block of the generator, for tests.
void philox4x32(const std::uint32_t counter[4], const std::uint32_t key[2], std::uint32_t out[4]);

}  // namespace lorafleet::model
