#pragma once

#include <cmath>
#include <cstdint>
#include <map>

namespace lorafleet::report {

/// Quantiles of a stream of positive numbers within 1 % of their value, in bounded memory
/// (logarithmic bins, as in DDSketch). What is not positive counts as the smallest.
class QuantileSketch {
 public:
  void add(double value) {
    ++bins_[bin_of(value)];
    ++count_;
  }
  void merge(const QuantileSketch& other) {
    for (const auto& [bin, count] : other.bins_)
      bins_[bin] += count;
    count_ += other.count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// For `share` in [0, 1]; not a number of none.
  [[nodiscard]] double quantile(double share) const {
    const double rank = share * static_cast<double>(count_ == 0 ? 0 : count_ - 1);
    std::uint64_t passed = 0;
    for (const auto& [bin, count] : bins_) {
      passed += count;
      if (static_cast<double>(passed) > rank) return kLeast * std::pow(kRatio, bin + 0.5);
    }
    return std::nan("");
  }

 private:
  static constexpr double kLeast = 1e-9;
  static constexpr double kMost = 1e12;
  static constexpr double kRatio = 1.02;

  static int bin_of(double value) {
    if (!(value > kLeast)) return 0;
    return static_cast<int>(std::log(std::min(value, kMost) / kLeast) / std::log(kRatio));
  }

  std::map<int, std::uint64_t> bins_;
  std::uint64_t count_ = 0;
};

}  // namespace lorafleet::report
