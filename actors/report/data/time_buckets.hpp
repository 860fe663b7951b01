#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lorafleet::report {

/// Cells over virtual time, of equal width, never more than `most`: where time runs past the last
/// one, neighbours are merged and each is twice as wide. `Cell` has `merge(const Cell&)`.
template <typename Cell>
class TimeBuckets {
 public:
  explicit TimeBuckets(std::size_t most, double first_width = 1e-3)
      : most_(most / 2 * 2), width_(first_width) {}

  /// The cell in which `seconds` lies; earlier references end.
  Cell& at(double seconds) {
    while (seconds >= width_ * static_cast<double>(most_))
      halve();
    const auto place = static_cast<std::size_t>(std::max(seconds, 0.0) / width_);
    if (place >= cells_.size()) cells_.resize(place + 1);
    return cells_[place];
  }
  /// Calls `visit(cell, overlap in seconds)` for each cell that [from, to) touches.
  template <typename Visit>
  void over(double from, double to, Visit visit) {
    at(to);
    for (auto i = static_cast<std::size_t>(from / width_); i < cells_.size(); ++i) {
      const double low = std::max(from, width_ * static_cast<double>(i));
      const double high = std::min(to, width_ * static_cast<double>(i + 1));
      if (low >= to) break;
      visit(cells_[i], high - low);
    }
  }

  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }

 private:
  void halve() {
    for (std::size_t i = 0; i < cells_.size(); i += 2) {
      Cell merged = std::move(cells_[i]);
      if (i + 1 < cells_.size()) merged.merge(cells_[i + 1]);
      cells_[i / 2] = std::move(merged);
    }
    cells_.resize((cells_.size() + 1) / 2);
    width_ *= 2.0;
  }

  std::size_t most_;
  double width_;
  std::vector<Cell> cells_;
};

}  // namespace lorafleet::report
