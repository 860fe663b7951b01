#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/partition.hpp"

namespace lorafleet::partition {

/// Bins of `values` at `config.edges` (ascending), or at `config.bins` quantiles where there are
/// none. Throws InputError for edges that do not ascend and for less than one bin.
Bins cut_values(const std::vector<double>& values, const SkewConfig& config,
                const std::string& measure);

/// A bin for each different value, sorted; one more at the end, "(none)", for those that are empty.
Bins bins_of_values(const std::vector<std::string_view>& values, const SkewConfig& config,
                    const std::string& measure);

}  // namespace lorafleet::partition
