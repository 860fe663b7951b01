#pragma once

#include <cstddef>
#include <vector>

namespace lorafleet::scenarios {

/// Chance of a wrong answer that is taken; intervals hold the mean 1 - this often.
inline constexpr double kSignificance = 0.05;
/// How often an effect of the size `PairedResult::detectable` would be seen.
inline constexpr double kPower = 0.8;

/// What differences of pairs, one a seed, say about their mean: Student's paired t. It holds where
/// seeds are independent and the differences roughly normal. With the three to ten seeds that a
/// study has, nothing else is both honest and able: a bootstrap's intervals are too short, and
/// ranks or signs of five pairs cannot come below p = 0.06.
struct PairedResult {
  std::size_t pairs = 0;
  double mean = 0.0;
  double deviation = 0.0;  ///< of a sample: divided by pairs - 1
  double low = 0.0;        ///< of the 95 % interval of the mean; infinite with one pair
  double high = 0.0;
  double effect = 0.0;      ///< Cohen's d_z: mean by deviation; infinite or nan where that is 0
  double detectable = 0.0;  ///< a mean that so many pairs of this deviation show 4 times in 5
};

/// `differences` has at least one value, all finite.
PairedResult paired_result(const std::vector<double>& differences);

/// Two-sided p of the mean being 0; 1 with one pair. Where all differences are equal and not 0, 0.
double p_of_zero(const PairedResult& result);

/// Chances of being wrong with "the mean lies within +-margin" and with "it lies beyond": each is
/// twice a one-sided p (of two one-sided tests the larger), so that the first is below 0.05 exactly
/// where the 95 % interval lies inside of +-margin, the second where it lies outside.
struct MarginP {
  double within = 1.0;
  double beyond = 1.0;
};
MarginP p_of_margin(const PairedResult& result, double margin);

/// Holm's step-down correction: of each p the one that holds however many of them are looked at.
/// In the order of `p`.
std::vector<double> holm(const std::vector<double>& p);

/// d_z of the effect that a paired t test of so many pairs shows 4 times in 5; infinite below two.
double detectable_effect(std::size_t pairs);

}  // namespace lorafleet::scenarios
