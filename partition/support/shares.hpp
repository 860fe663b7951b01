#pragma once

#include <cstddef>
#include <vector>

namespace lorafleet {

/// How many of `items` each share gets, by largest remainder; sums to `items`. Shares must not be
/// negative and their sum must be positive; a share of 0 gets none.
std::vector<std::size_t> largest_remainder(const std::vector<double>& shares, std::size_t items);

}  // namespace lorafleet
