#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lorafleet::report {

/// Quantiles of a stream of positive numbers in bounded memory: exact of the first kExact ones, of
/// more within 0.05 % of their value (logarithmic bins, as in DDSketch). What is not positive
/// counts as the smallest.
class QuantileSketch {
 public:
  static constexpr std::size_t kExact = 4096;

  void add(double value) {
    ++count_;
    if (!bins_.empty()) return add(bin_of(value), 1);
    values_.push_back(value);
    if (values_.size() > kExact) into_bins();
  }
  void merge(const QuantileSketch& other) {
    for (const double value : other.values_)
      add(value);
    if (other.bins_.empty()) return;
    into_bins();
    for (std::size_t i = 0; i < other.bins_.size(); ++i) {
      if (other.bins_[i] > 0) add(other.first_ + i, other.bins_[i]);
    }
    count_ += other.count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// For `share` in [0, 1]; not a number of none.
  [[nodiscard]] double quantile(double share) const {
    if (count_ == 0) return std::nan("");
    const double rank = share * static_cast<double>(count_ - 1);
    if (bins_.empty()) {
      std::vector<double> values = values_;
      const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
      std::nth_element(values.begin(), place, values.end());
      return std::max(*place, kLeast);
    }
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
  static constexpr double kRatio = 1.001;

  static std::size_t bin_of(double value) {
    if (!(value > kLeast)) return 0;
    return static_cast<std::size_t>(std::log(std::min(value, kMost) / kLeast) / std::log(kRatio));
  }
  void into_bins() {
    for (const double value : values_)
      add(bin_of(value), 1);
    std::vector<double>().swap(values_);
  }
  void add(std::size_t bin, std::uint64_t count) {
    if (bins_.empty()) first_ = bin;
    if (bin < first_) {
      bins_.insert(bins_.begin(), first_ - bin, 0);
      first_ = bin;
    }
    if (bin - first_ >= bins_.size()) bins_.resize(bin - first_ + 1);
    bins_[bin - first_] += count;
  }

  std::vector<double> values_;       ///< while they are few; then empty
  std::size_t first_ = 0;            ///< bin of the first count
  std::vector<std::uint64_t> bins_;  ///< counts, from the least value's bin to the largest's
  std::uint64_t count_ = 0;
};

}  // namespace lorafleet::report
