#include "model/network/layers/dropout.hpp"

#include <algorithm>

namespace lorafleet::model {

void Dropout::fill(std::span<float> mask) {
  std::fill(mask.begin(), mask.end(), 1.0f);
  drop_entries(mask, next(), probability_);
}

DropSource Dropout::next() {
  const std::uint64_t key = random_.bits();
  return {key, random_.bits()};
}

}  // namespace lorafleet::model
