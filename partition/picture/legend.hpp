#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "partition/statistics.hpp"

namespace lorafleet::partition {

/// The clients x bins table of a skew, folded to what a reader can tell apart.
struct LegendTable {
  std::vector<std::string> bins;
  std::vector<std::vector<std::size_t>> rows;  ///< [clients][bins]
  bool has_other = false;                      ///< the last bin is what is left of the others
};

/// At most `limit` columns: where there are more bins, the largest `limit` - 1 in their order and
/// "other".
LegendTable fold_bins(const SkewStatistics& skew, std::size_t limit);

/// skew_name of these statistics.
std::string skew_title(const SkewStatistics& skew);

}  // namespace lorafleet::partition
