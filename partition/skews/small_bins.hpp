#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "partition/examples/partition.hpp"

namespace lorafleet::partition {

/// What is too much to draw, and which bins can do without.
struct SmallBinLimits {
  std::size_t shares = std::size_t{1} << 25;  ///< bins * clients: a quarter of a minute
  std::size_t examples = 8;                   ///< of a bin that counts as small
};

/// Bins as the examples are dealt by them.
struct DealtBins {
  static constexpr std::uint32_t kEven = 0xFFFFFFFF;

  Bins bins;
  /// For each of them the bin whose shares are drawn; kEven: every client has the same share.
  std::vector<std::uint32_t> drawn;
  std::string note;  ///< of what was merged, or empty
};

/// Where a skew's bins are too many to draw shares of clients for each (an identifier of the row, a
/// field of free text), those with few examples have hardly any to bring together: they become one
/// bin of even shares. Other bins stay as they are.
DealtBins merge_small_bins(const Bins& bins, std::size_t clients,
                           const SmallBinLimits& limits = {});

}  // namespace lorafleet::partition
