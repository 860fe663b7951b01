#include "tools/pretrain/adamw.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lorafleet::pretrain {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.95;
constexpr float kAdamEpsilon = 1e-8f;
constexpr double kWeightDecay = 0.1;
constexpr double kWarmUp = 0.02;
constexpr double kLeast = 0.05;

}  // namespace

AdamW::AdamW(const std::vector<Parameter>& parameters)
    : first(total_size(parameters), 0.0f),
      second(total_size(parameters), 0.0f),
      parameters_(parameters) {}

void AdamW::step(std::span<float> weights, std::span<const float> gradient, double lr,
                 std::int64_t number) {
  const auto steps = static_cast<double>(number);
  const auto step_size = static_cast<float>(lr / (1.0 - std::pow(kBeta1, steps)));
  const auto root = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(kBeta2, steps)));
  constexpr auto kKept1 = static_cast<float>(kBeta1);
  constexpr auto kKept2 = static_cast<float>(kBeta2);
  constexpr auto kNew1 = static_cast<float>(1.0 - kBeta1);
  constexpr auto kNew2 = static_cast<float>(1.0 - kBeta2);
  for (const Parameter& parameter : parameters_) {
    const float kept = parameter.decays() ? static_cast<float>(1.0 - lr * kWeightDecay) : 1.0f;
    const std::size_t end = parameter.offset + parameter.numel();
    for (std::size_t i = parameter.offset; i < end; ++i) {
      const float g = gradient[i];
      first[i] = kKept1 * first[i] + kNew1 * g;
      second[i] = kKept2 * second[i] + kNew2 * g * g;
      weights[i] =
          weights[i] * kept - step_size * first[i] / (std::sqrt(second[i]) * root + kAdamEpsilon);
    }
  }
}

double learning_rate(double highest, std::int64_t step, std::int64_t steps) {
  const double warm_up = std::max(1.0, std::ceil(kWarmUp * static_cast<double>(steps)));
  const auto at = static_cast<double>(step);
  if (at <= warm_up) return highest * at / warm_up;
  const double done = (at - warm_up) / std::max(1.0, static_cast<double>(steps) - warm_up);
  const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  return highest * (kLeast + (1.0 - kLeast) * cosine);
}

double clip(std::span<float> gradient, double most) {
  double square = 0.0;
  for (const float value : gradient)
    square += static_cast<double>(value) * static_cast<double>(value);
  const double norm = std::sqrt(square);
  if (norm > most) {
    const auto factor = static_cast<float>(most / norm);
    for (float& value : gradient)
      value *= factor;
  }
  return norm;
}

}  // namespace lorafleet::pretrain
