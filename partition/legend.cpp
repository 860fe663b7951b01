#include "partition/legend.hpp"

#include <algorithm>
#include <numeric>

namespace lorafleet::partition {

LegendTable fold_bins(const SkewStatistics& skew, std::size_t limit) {
  if (skew.bins.size() <= limit) return {skew.bins, skew.table};
  std::vector<std::size_t> totals(skew.bins.size(), 0);
  for (const auto& row : skew.table) {
    for (std::size_t bin = 0; bin < row.size(); ++bin) {
      totals[bin] += row[bin];
    }
  }
  std::vector<std::size_t> order(skew.bins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return totals[a] > totals[b]; });
  order.resize(limit - 1);
  std::sort(order.begin(), order.end());

  LegendTable folded;
  for (const auto bin : order) {
    folded.bins.push_back(skew.bins[bin]);
  }
  folded.bins.push_back("other (" + std::to_string(skew.bins.size() - order.size()) + ")");
  for (const auto& row : skew.table) {
    auto& kept = folded.rows.emplace_back();
    std::size_t rest = std::accumulate(row.begin(), row.end(), std::size_t{0});
    for (const auto bin : order) {
      kept.push_back(row[bin]);
      rest -= row[bin];
    }
    kept.push_back(rest);
  }
  return folded;
}

std::string skew_title(const SkewStatistics& skew) {
  return skew.by == skew.measure ? skew.by : skew.by + " (" + skew.measure + ")";
}

}  // namespace lorafleet::partition
