#include "partition/bins.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "partition/support/error.hpp"

namespace lorafleet::partition {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::vector<std::string> bin_names(const std::vector<double>& edges) {
  if (edges.empty()) return {"all"};
  std::vector<std::string> names = {"< " + number(edges.front())};
  for (std::size_t i = 1; i < edges.size(); ++i) {
    names.push_back(number(edges[i - 1]) + " to " + number(edges[i]));
  }
  names.push_back(">= " + number(edges.back()));
  return names;
}

void check(const SkewConfig& config) {
  for (std::size_t i = 0; i < config.edges.size(); ++i) {
    const bool ascends = i == 0 || config.edges[i - 1] < config.edges[i];
    if (!std::isfinite(config.edges[i]) || !ascends) {
      throw InputError("partition.skew.edges", "must be finite and ascend; edge number " +
                                                   std::to_string(i + 1) + " is " +
                                                   number(config.edges[i]));
    }
  }
  if (config.edges.empty() && config.bins < 1) {
    throw InputError("partition.skew.bins",
                     "is " + std::to_string(config.bins) + "; at least 1 was expected");
  }
}

}  // namespace

std::vector<double> quantile_edges(std::vector<double> values, std::size_t bins) {
  std::sort(values.begin(), values.end());
  std::vector<double> edges;
  for (std::size_t k = 1; k < bins && !values.empty(); ++k) {
    const double edge = values[k * values.size() / bins];
    if (edge > (edges.empty() ? values.front() : edges.back())) edges.push_back(edge);
  }
  return edges;
}

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
    const auto above = std::upper_bound(bins.edges.begin(), bins.edges.end(), value);
    bins.bin_of.push_back(static_cast<std::uint32_t>(above - bins.edges.begin()));
  }
  return bins;
}

}  // namespace lorafleet::partition
