#include "partition/skews/bins.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "partition/support/error.hpp"
#include "partition/support/formatted.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/quantiles.hpp"

namespace lorafleet::partition {

namespace {

/// With six significant digits, or as many more as it takes to tell all edges apart.
std::vector<std::string> edge_names(const std::vector<double>& edges) {
  std::vector<std::string> names;
  for (int digits = 6; digits <= 17; ++digits) {
    names.clear();
    for (const double edge : edges)
      names.push_back(formatted("%.*g", digits, edge));
    if (std::adjacent_find(names.begin(), names.end()) == names.end()) break;
  }
  return names;
}

std::vector<std::string> bin_names(const std::vector<double>& edges) {
  if (edges.empty()) return {"all"};
  const auto at = edge_names(edges);
  std::vector<std::string> names = {"< " + at.front()};
  for (std::size_t i = 1; i < at.size(); ++i) {
    names.push_back(at[i - 1] + " to " + at[i]);
  }
  names.push_back(">= " + at.back());
  return names;
}

void check(const SkewConfig& config) {
  for (std::size_t i = 0; i < config.edges.size(); ++i) {
    const bool ascends = i == 0 || config.edges[i - 1] < config.edges[i];
    if (!std::isfinite(config.edges[i]) || !ascends) {
      throw InputError("partition.skew.edges", "must be finite and ascend; edge number " +
                                                   std::to_string(i + 1) + " is " +
                                                   shortest(config.edges[i]));
    }
  }
  if (config.edges.empty() && config.bins < 1) {
    throw InputError("partition.skew.bins",
                     "is " + std::to_string(config.bins) + "; at least 1 was expected");
  }
}

}  // namespace

Bins cut_values(const std::vector<double>& values, const SkewConfig& config,
                const std::string& measure) {
  check(config);
  Bins bins;
  bins.by = config.by;
  bins.measure = measure;
  bins.edges = config.edges.empty() ? quantile_edges(values, static_cast<std::size_t>(config.bins))
                                    : config.edges;
  bins.names = bin_names(bins.edges);
  bins.bin_of.reserve(values.size());
  for (const double value : values) {
    bins.bin_of.push_back(static_cast<std::uint32_t>(bin_at(bins.edges, value)));
  }
  return bins;
}

Bins bins_of_values(const std::vector<std::string_view>& values, const SkewConfig& config,
                    const std::string& measure) {
  std::map<std::string_view, std::uint32_t> bin_of;
  Bins bins;
  bins.by = config.by;
  bins.measure = measure;
  for (const auto value : values) {
    if (value.empty()) {
      ++bins.lacking;
    } else {
      bin_of.emplace(value, 0);
    }
  }
  for (auto& [value, bin] : bin_of) {
    bin = static_cast<std::uint32_t>(bins.names.size());
    bins.names.emplace_back(value);
  }
  if (bins.lacking > 0) {
    std::string none = "(none)";
    while (bin_of.contains(none))
      none = "(" + none + ")";
    bin_of.emplace("", static_cast<std::uint32_t>(bins.names.size()));
    bins.names.push_back(none);
  }
  bins.bin_of.reserve(values.size());
  for (const auto value : values)
    bins.bin_of.push_back(bin_of.at(value));
  return bins;
}

}  // namespace lorafleet::partition
