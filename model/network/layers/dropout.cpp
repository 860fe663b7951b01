#include "model/network/layers/dropout.hpp"

#include <cmath>

namespace lorafleet::model {

Dropout::Dropout(double probability, const Random& random)
    : keep_below_(static_cast<std::uint64_t>(std::llround((1.0 - probability) * 0x1p32))),
      scale_(static_cast<float>(1.0 / (1.0 - probability))),
      random_(random) {}

void Dropout::fill(std::span<float> mask) {
  const auto entry = [this](std::uint32_t bits) { return bits < keep_below_ ? scale_ : 0.0f; };
  for (std::size_t i = 0; i < mask.size(); i += 2) {
    const std::uint64_t draw = random_.bits();
    mask[i] = entry(static_cast<std::uint32_t>(draw));
    if (i + 1 < mask.size()) mask[i + 1] = entry(static_cast<std::uint32_t>(draw >> 32));
  }
}

}  // namespace lorafleet::model
