#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/adapter/adapter.hpp"

namespace lorafleet::model {

/// Where the chosen factors of all modules lie in an adapter's values, and the same values without
/// gaps: of each module A, B or both, in the layout's order, and behind them what is trained whole.
class FactorSelection {
 public:
  FactorSelection(const AdapterLayout& layout, Factors factors);
  /// Without what is trained whole.
  static FactorSelection factors_alone(const AdapterLayout& layout, Factors factors);

  /// Number of the chosen values.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The chosen ones of all values, without gaps.
  [[nodiscard]] std::vector<float> gather(std::span<const float> all) const;
  /// The reverse: writes `chosen` into its places; the other values stay.
  void scatter(std::span<const float> chosen, std::span<float> all) const;

 private:
  FactorSelection(const AdapterLayout& layout, Factors factors, bool whole);

  struct Range {
    std::size_t offset;
    std::size_t size;
  };
  std::vector<Range> ranges_;  ///< neighbours joined: Factors::both is one range
  std::size_t size_ = 0;
};

}  // namespace lorafleet::model
