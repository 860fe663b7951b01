#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lorafleet {

/// The `share` quantile of numbers that ascend, of which there is at least one: between two of them
/// a part of the way, in proportion.
inline double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Inner edges at the quantiles 1/bins, 2/bins, ... of `values`, each one of them; equal edges and
/// edges that would leave the first bin empty are dropped, so there may be fewer bins than asked
/// for.
template <typename Number>
std::vector<Number> quantile_edges(std::vector<Number> values, std::size_t bins) {
  std::sort(values.begin(), values.end());
  std::vector<Number> edges;
  for (std::size_t k = 1; k < bins && !values.empty(); ++k) {
    const Number edge = values[k * values.size() / bins];
    if (edge > (edges.empty() ? values.front() : edges.back())) edges.push_back(edge);
  }
  return edges;
}

/// The bin of `value`, from 0: an edge is the least of the bin above it.
template <typename Number>
std::size_t bin_at(const std::vector<Number>& edges, Number value) {
  return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), value) -
                                  edges.begin());
}

}  // namespace lorafleet
