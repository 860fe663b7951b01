#pragma once

#include <string>

#include "partition/support/random.hpp"

namespace lorafleet::sim {

/// A distribution of positive numbers, as scenarios write it: a plain number, or
/// `{ distribution = "uniform", low, high }`, `{ "lognormal", median, sigma }`, `{ "pareto",
/// minimum, shape }`.
struct Distribution {
  enum class Kind { constant, uniform, lognormal, pareto };
  Kind kind = Kind::constant;
  double first = 1.0;   ///< constant: value; uniform: low; lognormal: median; pareto: minimum
  double second = 0.0;  ///< uniform: high; lognormal: sigma of the logarithm; pareto: shape

  static Distribution constant(double value) { return {Kind::constant, value, 0.0}; }
  static Distribution uniform(double low, double high) { return {Kind::uniform, low, high}; }
  static Distribution lognormal(double median, double sigma) {
    return {Kind::lognormal, median, sigma};
  }
  static Distribution pareto(double minimum, double shape) {
    return {Kind::pareto, minimum, shape};
  }

  double draw(Random& random) const;
  friend bool operator==(const Distribution&, const Distribution&) = default;
};

}  // namespace lorafleet::sim
