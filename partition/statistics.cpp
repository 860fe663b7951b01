#include "partition/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace lorafleet::partition {

namespace {

double entropy_term(double p, double m) {
  return p > 0.0 ? p * std::log2(p / m) : 0.0;
}

double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

SkewStatistics measure_skew(const Partition& partition, const Bins& bins) {
  SkewStatistics result;
  result.by = bins.by;
  result.measure = bins.measure;
  result.bins = bins.names;
  std::unordered_map<std::uint32_t, std::uint32_t> bin_of;
  std::vector<double> pooled(bins.names.size(), 0.0);
  std::vector<double> counts(bins.names.size());
  for (std::size_t i = 0; i < partition.training.size(); ++i) {
    bin_of[partition.training[i]] = bins.bin_of[i];
    pooled[bins.bin_of[i]] += 1.0;
  }
  for (const auto& client : partition.clients) {
    std::fill(counts.begin(), counts.end(), 0.0);
    for (const auto index : client) {
      counts[bin_of.at(index)] += 1.0;
    }
    auto& row = result.table.emplace_back();
    for (std::uint32_t bin = 0; bin < counts.size(); ++bin) {
      if (counts[bin] > 0.0) row.push_back({bin, static_cast<std::size_t>(counts[bin])});
    }
    result.js_distance.push_back(js_distance(counts, pooled));
  }
  result.js_mean = std::accumulate(result.js_distance.begin(), result.js_distance.end(), 0.0) /
                   static_cast<double>(result.js_distance.size());
  result.js_max = *std::max_element(result.js_distance.begin(), result.js_distance.end());
  return result;
}

}  // namespace

double js_distance(const std::vector<double>& a, const std::vector<double>& b) {
  const double sum_a = std::accumulate(a.begin(), a.end(), 0.0);
  const double sum_b = std::accumulate(b.begin(), b.end(), 0.0);
  double divergence = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double p = a[i] / sum_a;
    const double q = b[i] / sum_b;
    const double middle = 0.5 * (p + q);
    divergence += 0.5 * (entropy_term(p, middle) + entropy_term(q, middle));
  }
  return std::sqrt(std::clamp(divergence, 0.0, 1.0));
}

double gini(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double sum = 0.0;
  double weighted = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    weighted += static_cast<double>(i + 1) * values[i];
  }
  if (sum <= 0.0) return 0.0;
  const auto n = static_cast<double>(values.size());
  return 2.0 * weighted / (n * sum) - (n + 1.0) / n;
}

Quantiles quantiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75),
          values.back()};
}

PartitionStatistics measure_partition(const Partition& partition) {
  PartitionStatistics statistics;
  std::vector<double> sizes;
  for (const auto& client : partition.clients) {
    sizes.push_back(static_cast<double>(client.size()));
  }
  statistics.sizes = quantiles(sizes);
  statistics.gini = gini(sizes);
  for (const auto& bins : partition.bins) {
    statistics.skews.push_back(measure_skew(partition, bins));
  }
  return statistics;
}

}  // namespace lorafleet::partition
