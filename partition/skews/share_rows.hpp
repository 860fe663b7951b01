#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace lorafleet::partition {

/// The logarithm of a share. Shares of zero become very small, so that cells whose bins no client
/// has in common still go to the clients that come nearest, and a product of many small shares does
/// not vanish.
double log_share(double share);

/// The clients' shares of each bin, as logarithms: drawn when they are asked for, and kept while
/// there is room. A table of bins x clients could be larger than the data.
class ShareRows {
 public:
  /// The shares of one bin: one for each client, summing to 1. The same at every call.
  using Draw = std::function<std::vector<double>(std::size_t skew, std::uint32_t bin)>;

  /// Keeps at most `kept` numbers, and always the last row. `bins`: their number for each skew.
  ShareRows(Draw draw, const std::vector<std::size_t>& bins, std::size_t kept);

  /// [clients]; valid until the next call.
  const std::vector<double>& logs(std::size_t skew, std::uint32_t bin);

 private:
  Draw draw_;
  std::size_t room_;
  std::size_t used_ = 0;
  std::vector<std::vector<std::vector<double>>> rows_;  ///< [skews][bins]; empty: not kept
};

}  // namespace lorafleet::partition
