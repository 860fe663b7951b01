#include "partition/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "partition/support/quantiles.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {

namespace {

double entropy_term(double p, double m) {
  return p > 0.0 ? p * std::log2(p / m) : 0.0;
}

/// The pooled distribution of a skew, and what each of its bins adds to the divergence of a client
/// that has nothing in it: most bins of most clients, where there are many.
struct Pool {
  std::vector<double> share;
  std::vector<double> if_empty;

  explicit Pool(const std::vector<double>& counts) {
    const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
    for (const double count : counts) {
      share.push_back(count / sum);
      if_empty.push_back(part(0.0, share.back()));
    }
  }

  static double part(double p, double q) {
    const double middle = 0.5 * (p + q);
    return 0.5 * (entropy_term(p, middle) + entropy_term(q, middle));
  }

  /// The same sum as js_distance's, in the same order.
  [[nodiscard]] double distance_to(const std::vector<BinCount>& row, std::size_t examples) const {
    double divergence = 0.0;
    std::size_t bin = 0;
    for (const auto& filled : row) {
      for (; bin < filled.bin; ++bin)
        divergence += if_empty[bin];
      const double p = static_cast<double>(filled.count) / static_cast<double>(examples);
      divergence += part(p, share[bin++]);
    }
    for (; bin < share.size(); ++bin)
      divergence += if_empty[bin];
    return std::sqrt(std::clamp(divergence, 0.0, 1.0));
  }
};

std::vector<BinCount> row_of(std::vector<std::uint32_t> bins) {
  std::sort(bins.begin(), bins.end());
  std::vector<BinCount> row;
  for (const auto bin : bins) {
    if (row.empty() || row.back().bin != bin) row.push_back({bin, 0});
    ++row.back().count;
  }
  return row;
}

double iid_distance(const Partition& partition, const Bins& bins, const Pool& pool) {
  constexpr std::uint64_t kStream = std::uint64_t{1} << 33;  // draw_partition's are below
  const std::size_t deals = std::clamp<std::size_t>(64 / partition.clients.size(), 1, 16);
  double sum = 0.0;
  for (std::size_t deal = 0; deal < deals; ++deal) {
    auto dealt = bins.bin_of;
    Random(0, Purpose::partition, kStream, deal).shuffle(dealt);
    auto next = dealt.begin();
    for (const auto& client : partition.clients) {
      const auto end = next + static_cast<long>(client.size());
      sum += pool.distance_to(row_of({next, end}), client.size());
      next = end;
    }
  }
  return sum / static_cast<double>(deals * partition.clients.size());
}

SkewStatistics measure_skew(const Partition& partition, const Bins& bins) {
  SkewStatistics result;
  result.by = bins.by;
  result.measure = bins.measure;
  result.bins = bins.names;
  std::unordered_map<std::uint32_t, std::uint32_t> bin_of;
  std::vector<double> pooled(bins.names.size(), 0.0);
  for (std::size_t i = 0; i < partition.training.size(); ++i) {
    bin_of[partition.training[i]] = bins.bin_of[i];
    pooled[bins.bin_of[i]] += 1.0;
  }
  const Pool pool(pooled);
  for (const auto& client : partition.clients) {
    std::vector<std::uint32_t> own;
    for (const auto index : client)
      own.push_back(bin_of.at(index));
    result.table.push_back(row_of(std::move(own)));
    result.js_distance.push_back(pool.distance_to(result.table.back(), client.size()));
  }
  result.js_mean = std::accumulate(result.js_distance.begin(), result.js_distance.end(), 0.0) /
                   static_cast<double>(result.js_distance.size());
  result.js_max = *std::max_element(result.js_distance.begin(), result.js_distance.end());
  result.js_mean_iid = iid_distance(partition, bins, pool);
  return result;
}

}  // namespace

double js_distance(const std::vector<double>& a, const std::vector<double>& b) {
  const double sum_a = std::accumulate(a.begin(), a.end(), 0.0);
  const double sum_b = std::accumulate(b.begin(), b.end(), 0.0);
  double divergence = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double p = a[i] / sum_a;
    divergence += Pool::part(p, b[i] / sum_b);
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
