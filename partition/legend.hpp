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

/// A name that can stand in a line: of at most `most` letters (code points), its end cut off for
/// ".." otherwise, and a space for each run of line breaks and control characters.
std::string short_name(std::string_view name, std::size_t most);

}  // namespace lorafleet::partition
