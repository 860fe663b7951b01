#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tools/pretrain/opt_size.hpp"

namespace lorafleet::pretrain {

/// AdamW (arXiv 1711.05101) over all weights, with beta 0.9 and 0.95, epsilon 1e-8 and a weight
/// decay of 0.1 on matrices alone. Its moments are public, to be saved.
class AdamW {
 public:
  explicit AdamW(const std::vector<Parameter>& parameters);
  /// `number`: of the step, from 1.
  void step(std::span<float> weights, std::span<const float> gradient, double lr,
            std::int64_t number);

  std::vector<float> first;
  std::vector<float> second;

 private:
  std::vector<Parameter> parameters_;
};

/// The learning rate of step `step` of `steps`, both from 1: up to `highest` over the first 2 %,
/// then down along a cosine to a twentieth of it.
double learning_rate(double highest, std::int64_t step, std::int64_t steps);

/// Scales the gradient to the norm `most` where its own is larger; returns that.
double clip(std::span<float> gradient, double most);

}  // namespace lorafleet::pretrain
