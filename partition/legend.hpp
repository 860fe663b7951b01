#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "partition/statistics.hpp"

namespace lorafleet::partition {

/// The clients x bins table of a skew, folded to what a reader can tell apart.
struct LegendTable {
  std::vector<std::string> bins;
  std::vector<std::vector<std::size_t>> rows;  ///< [clients][bins]
};

/// At most `limit` columns: where there are more bins, the largest `limit` - 1 in their order and
/// "other".
LegendTable fold_bins(const SkewStatistics& skew, std::size_t limit);

/// "context_length (tokens)", or "group" where kind and measure are the same.
std::string skew_title(const SkewStatistics& skew);

}  // namespace lorafleet::partition
