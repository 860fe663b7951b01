#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace lorafleet::actors {

/// How a figure went over a run, in at most 64 points, for a small picture: when they are full,
/// each two neighbours become their mean. Values that are not finite are left out.
class History {
 public:
  static constexpr std::size_t kMost = 64;

  void add(double value) {
    if (!std::isfinite(value)) return;
    sum_ += value;
    if (++count_ < of_each_) return;
    points_.push_back(sum_ / static_cast<double>(count_));
    sum_ = 0.0;
    count_ = 0;
    if (points_.size() < kMost) return;
    for (std::size_t i = 0; i < kMost / 2; ++i)
      points_[i] = (points_[2 * i] + points_[2 * i + 1]) / 2.0;
    points_.resize(kMost / 2);
    of_each_ *= 2;
  }
  [[nodiscard]] const std::vector<double>& points() const { return points_; }

 private:
  std::vector<double> points_;
  std::size_t of_each_ = 1;  // values that a point is the mean of
  double sum_ = 0.0;
  std::size_t count_ = 0;
};

}  // namespace lorafleet::actors
