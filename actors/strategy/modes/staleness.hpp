#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/strategy/config.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// A function s(tau), in (0, 1], of the options a and b of [aggregation] staleness; `keys` says
/// which of them it has.
struct StalenessFunction {
  std::string name;
  std::vector<std::string> keys = {};
  double (*weight)(double tau, double a, double b) = nullptr;
};

/// s(tau), the weight of an update of staleness tau (arXiv 1903.03934, section 5.2):
///   constant:   1
///   polynomial: (1 + tau)^-a
///   hinge:      1 if tau <= b, else 1 / (a (tau - b) + 1)
/// FedBuff's 1/sqrt(1 + tau) (arXiv 2106.06639) is polynomial with a = 0.5.
const Registry<StalenessFunction>& staleness_functions();

/// The s(tau) of a configuration.
class StalenessWeight {
 public:
  /// Throws InputError for an unknown function or for a negative a or b.
  explicit StalenessWeight(const StalenessConfig& config);

  /// In (0, 1], and 1 for a fresh update.
  double operator()(std::uint64_t staleness) const {
    return function_->weight(static_cast<double>(staleness), a_, b_);
  }

 private:
  const StalenessFunction* function_;
  double a_;
  double b_;
};

}  // namespace lorafleet::strategy
