#pragma once

#include <bit>
#include <cstdint>

namespace lorafleet::model {

/// e^x for x <= 0, within 2 ulp; below -87 about 1e-38. Cody and Waite's reduction, Cephes'
/// polynomial.
[[gnu::always_inline]] inline float exp_of_negative(float x) {
  x = x < -87.0f ? -87.0f : x;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = x * 1.44269504088896341f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
  const auto exponent = std::bit_cast<std::uint32_t>(shifted) << 23;  // n, in the exponent's place
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(y) + exponent);
}

}  // namespace lorafleet::model
