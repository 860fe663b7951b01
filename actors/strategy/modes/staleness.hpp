#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/strategy/config.hpp"

namespace lorafleet::strategy {

/// s(tau), the weight of an update of staleness tau (arXiv 1903.03934, section 5.2):
///   constant:   1
///   polynomial: (1 + tau)^-a
///   hinge:      1 if tau <= b, else 1 / (a (tau - b) + 1)
/// FedBuff's 1/sqrt(1 + tau) (arXiv 2106.06639) is polynomial with a = 0.5.
class StalenessWeight {
 public:
  /// Throws InputError for an unknown function or for a negative a or b.
  explicit StalenessWeight(const StalenessConfig& config);

  /// In (0, 1], and 1 for a fresh update.
  double operator()(std::uint64_t staleness) const;

 private:
  enum class Kind { constant, polynomial, hinge };
  Kind kind_;
  double a_;
  double b_;
};

std::vector<std::string> staleness_names();

}  // namespace lorafleet::strategy
