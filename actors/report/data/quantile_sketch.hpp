#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lorafleet::report {

/// Quantiles of a stream of positive numbers within 1 % of their value, in bounded memory
/// (logarithmic bins, as in DDSketch). What is not positive counts as the smallest.
class QuantileSketch {
 public:
  void add(double value) { add(bin_of(value), 1); }
  void merge(const QuantileSketch& other) {
    for (std::size_t i = 0; i < other.bins_.size(); ++i) {
      if (other.bins_[i] > 0) add(other.first_ + i, other.bins_[i]);
    }
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// For `share` in [0, 1]; not a number of none.
  [[nodiscard]] double quantile(double share) const {
    const double rank = share * static_cast<double>(count_ == 0 ? 0 : count_ - 1);
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < bins_.size(); ++i) {
      passed += bins_[i];
      if (static_cast<double>(passed) > rank)
        return kLeast * std::pow(kRatio, static_cast<double>(first_ + i) + 0.5);
    }
    return std::nan("");
  }

 private:
  static constexpr double kLeast = 1e-9;
  static constexpr double kMost = 1e12;
  static constexpr double kRatio = 1.02;

  static std::size_t bin_of(double value) {
    if (!(value > kLeast)) return 0;
    return static_cast<std::size_t>(std::log(std::min(value, kMost) / kLeast) / std::log(kRatio));
  }
  void add(std::size_t bin, std::uint64_t count) {
    if (bins_.empty()) first_ = bin;
    if (bin < first_) {
      bins_.insert(bins_.begin(), first_ - bin, 0);
      first_ = bin;
    }
    if (bin - first_ >= bins_.size()) bins_.resize(bin - first_ + 1);
    bins_[bin - first_] += count;
    count_ += count;
  }

  std::size_t first_ = 0;            ///< bin of the first count
  std::vector<std::uint64_t> bins_;  ///< counts, from the least value's bin to the largest's
  std::uint64_t count_ = 0;
};

}  // namespace lorafleet::report
