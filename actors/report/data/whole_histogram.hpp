#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lorafleet::report {

/// Counts of whole numbers from 0: one by one up to `kLast`, all larger ones together.
class WholeHistogram {
 public:
  static constexpr std::uint64_t kLast = 4095;

  void add(std::uint64_t value) {
    const auto place = static_cast<std::size_t>(std::min(value, kLast + 1));
    if (place >= counts_.size()) counts_.resize(place + 1);
    ++counts_[place];
    ++count_;
    sum_ += static_cast<double>(value);
    largest_ = std::max(largest_, value);
  }
  void merge(const WholeHistogram& other) {
    counts_.resize(std::max(counts_.size(), other.counts_.size()));
    for (std::size_t i = 0; i < other.counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    largest_ = std::max(largest_, other.largest_);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t largest() const { return largest_; }
  [[nodiscard]] double mean() const {
    return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_);
  }
  /// How many are from `low` to `high`, both included.
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) const {
    std::uint64_t sum = 0;
    for (std::size_t i = low; i < counts_.size() && i <= high; ++i)
      sum += counts_[i];
    return sum;
  }
  /// The least value at or under which `share` of all are; `kLast` + 1 stands for all above.
  [[nodiscard]] std::uint64_t quantile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      passed += counts_[i];
      if (passed > 0 && static_cast<double>(passed) >= wanted) return i;
    }
    return 0;
  }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0.0;
  std::uint64_t largest_ = 0;
};

}  // namespace lorafleet::report
