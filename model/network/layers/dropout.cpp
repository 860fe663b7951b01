#include "model/network/layers/dropout.hpp"

#include <algorithm>

#include "model/network/layers/drop_entries.hpp"

namespace lorafleet::model {

void Dropout::fill(std::span<float> mask) {
  std::fill(mask.begin(), mask.end(), 1.0f);
  const std::uint64_t key = random_.bits();
  drop_entries(mask, {key, random_.bits()}, probability_);
}

}  // namespace lorafleet::model
