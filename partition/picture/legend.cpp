#include "partition/picture/legend.hpp"

#include <algorithm>
#include <numeric>

namespace lorafleet::partition {

LegendTable fold_bins(const SkewStatistics& skew, std::size_t limit) {
  std::vector<std::size_t> order(skew.bins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (skew.bins.size() > limit) {
    std::vector<std::size_t> totals(skew.bins.size(), 0);
    for (const auto& row : skew.table) {
      for (const auto& [bin, count] : row) {
        totals[bin] += count;
      }
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return totals[a] > totals[b]; });
    order.resize(limit - 1);
    std::sort(order.begin(), order.end());
  }

  LegendTable folded;
  std::vector<std::size_t> column_of(skew.bins.size(), order.size());
  for (const auto bin : order) {
    column_of[bin] = folded.bins.size();
    folded.bins.push_back(skew.bins[bin]);
  }
  if (order.size() < skew.bins.size()) {
    folded.has_other = true;
    folded.bins.push_back("other (" + std::to_string(skew.bins.size() - order.size()) + ")");
  }
  for (const auto& row : skew.table) {
    auto& columns = folded.rows.emplace_back(folded.bins.size(), 0);
    for (const auto& [bin, count] : row) {
      columns[column_of[bin]] += count;
    }
  }
  return folded;
}

std::string skew_title(const SkewStatistics& skew) {
  return skew_name(skew.by, skew.measure);
}

}  // namespace lorafleet::partition
