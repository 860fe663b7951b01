#pragma once

#include <cstdint>
#include <vector>

namespace lorafleet::tests {

/// All ids, one part behind the other.
inline std::vector<std::int32_t> joined(const std::vector<std::vector<std::int32_t>>& parts) {
  std::vector<std::int32_t> all;
  for (const auto& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace lorafleet::tests
