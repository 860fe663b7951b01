#include "partition/support/shares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lorafleet {

std::vector<std::size_t> largest_remainder(const std::vector<double>& shares, std::size_t items) {
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<std::size_t> counts;
  std::vector<double> fractions;
  for (const double share : shares) {
    const double quota = static_cast<double>(items) * (share / total);
    counts.push_back(static_cast<std::size_t>(quota));
    fractions.push_back(quota - std::floor(quota));
  }
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return fractions[a] > fractions[b]; });
  std::size_t given = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  for (std::size_t i = 0; given < items; i = (i + 1) % order.size()) {
    if (shares[order[i]] <= 0.0) continue;
    ++counts[order[i]];
    ++given;
  }
  return counts;
}

}  // namespace lorafleet
