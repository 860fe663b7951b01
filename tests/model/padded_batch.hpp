#pragma once

#include <cstdint>
#include <vector>

namespace lorafleet::tests {

/// A batch as Hugging Face pads it: [rows, columns], row-major.
struct PaddedBatch {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::int64_t> tokens;
  std::vector<std::int64_t> mask;    ///< 1 for a token, 0 for padding
  std::vector<std::int64_t> labels;  ///< the token itself, or -100
};

}  // namespace lorafleet::tests
