#include "partition/support/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lorafleet {

std::array<std::uint64_t, 4> philox4x64(const std::array<std::uint64_t, 4>& counter,
                                        const std::array<std::uint64_t, 2>& key) {
  constexpr std::uint64_t kMultiplier0 = 0xD2E7470EE14C6C93;
  constexpr std::uint64_t kMultiplier1 = 0xCA5A826395121157;
  constexpr std::uint64_t kWeyl0 = 0x9E3779B97F4A7C15;
  constexpr std::uint64_t kWeyl1 = 0xBB67AE8584CAA73B;
  auto c = counter;
  auto k = key;
  for (int round = 0; round < 10; ++round) {
    const auto product0 = static_cast<unsigned __int128>(kMultiplier0) * c[0];
    const auto product1 = static_cast<unsigned __int128>(kMultiplier1) * c[2];
    c = {static_cast<std::uint64_t>(product1 >> 64) ^ c[1] ^ k[0],
         static_cast<std::uint64_t>(product1),
         static_cast<std::uint64_t>(product0 >> 64) ^ c[3] ^ k[1],
         static_cast<std::uint64_t>(product0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

Random::Random(std::uint64_t run_seed, Purpose purpose, std::uint64_t client, std::uint64_t seq)
    : key_{run_seed, (static_cast<std::uint64_t>(purpose) << 40) ^ client}, seq_(seq) {}

std::uint64_t Random::bits() {
  if (used_ == buffer_.size()) {
    buffer_ = philox4x64({block_++, seq_, 0, 0}, key_);
    used_ = 0;
  }
  return buffer_[used_++];
}

double Random::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const auto product = static_cast<unsigned __int128>(bits()) * bound;
    if (static_cast<std::uint64_t>(product) >= threshold) {
      return static_cast<std::uint64_t>(product >> 64);
    }
  }
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Random::exponential(double mean) {
  return -mean * std::log1p(-uniform());
}

double Random::log_gamma_variate(double shape) {
  if (shape < 1.0) {
    const double boosted = log_gamma_variate(shape + 1.0);
    return boosted + std::log1p(-uniform()) / shape;
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double v = std::pow(1.0 + c * x, 3);
    if (v <= 0.0) continue;
    if (std::log1p(-uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) {
      return std::log(d) + std::log(v);
    }
  }
}

double Random::gamma(double shape) {
  return std::exp(log_gamma_variate(shape));
}

std::vector<double> Random::dirichlet(double alpha, std::size_t dimension) {
  std::vector<double> draw(dimension);
  for (auto& value : draw) {
    value = log_gamma_variate(alpha);
  }
  const double largest = *std::max_element(draw.begin(), draw.end());
  if (!std::isfinite(largest)) {
    std::fill(draw.begin(), draw.end(), 0.0);
    draw[below(dimension)] = 1.0;
    return draw;
  }
  double sum = 0.0;
  for (auto& value : draw) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (auto& value : draw) {
    value /= sum;
  }
  return draw;
}

}  // namespace lorafleet
