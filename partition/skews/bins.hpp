#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/partition.hpp"

namespace lorafleet::partition {

/// Inner edges at the quantiles 1/bins, 2/bins, ... of `values`; equal edges and edges that would
/// leave the first bin empty are dropped, so there may be fewer bins than asked for.
std::vector<double> quantile_edges(std::vector<double> values, std::size_t bins);

/// Bins of `values` at `config.edges` (ascending), or at `config.bins` quantiles where there are
/// none. Throws InputError for edges that do not ascend and for less than one bin.
Bins cut_values(const std::vector<double>& values, const SkewConfig& config,
                const std::string& measure);

/// A bin for each different value, sorted; one more at the end, "(none)", for those that are empty.
Bins bins_of_values(const std::vector<std::string_view>& values, const SkewConfig& config,
                    const std::string& measure);

}  // namespace lorafleet::partition
