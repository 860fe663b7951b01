#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "partition/examples/partition.hpp"

namespace lorafleet::partition {

/// Of the clients' numbers of examples; linear interpolation between order statistics.
struct Quantiles {
  double min = 0.0, p25 = 0.0, p50 = 0.0, p75 = 0.0, max = 0.0;
};

/// A filled cell of a clients x bins table.
struct BinCount {
  std::uint32_t bin = 0;
  std::size_t count = 0;  ///< of examples
  bool operator==(const BinCount&) const = default;
};

/// How far one label skew moved the clients from the pooled data.
struct SkewStatistics {
  std::string by;
  std::string measure;
  std::vector<std::string> bins;
  /// For each client its filled bins, ascending: never more entries than examples, however many
  /// bins and clients there are.
  std::vector<std::vector<BinCount>> table;
  std::vector<double> js_distance;  ///< of each client to the pooled distribution
  double js_mean = 0.0;
  double js_max = 0.0;
  /// The mean distance where examples are dealt to clients of these sizes at random: what js_mean
  /// is without any skew, and much more than 0 where clients are small and bins many.
  double js_mean_iid = 0.0;
};

struct PartitionStatistics {
  Quantiles sizes;
  double gini = 0.0;                  ///< of the sizes: 0 all equal, near 1 one client has all
  std::vector<SkewStatistics> skews;  ///< in the order of Partition::bins
};

/// Square root of the Jensen-Shannon divergence in bits of two histograms of equal length: in [0,
/// 1], 0 for proportional ones, 1 for ones without a common bin. Both must have a positive sum.
double js_distance(const std::vector<double>& a, const std::vector<double>& b);

/// Gini coefficient of non-negative numbers; 0 for none or only zeros.
double gini(std::vector<double> values);

/// Quantiles of at least one number.
Quantiles quantiles(std::vector<double> values);

PartitionStatistics measure_partition(const Partition& partition);

}  // namespace lorafleet::partition
