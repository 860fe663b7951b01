#include "partition/skews/share_rows.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lorafleet::partition {

double log_share(double share) {
  constexpr double kSmallestShare = 1e-300;
  return std::log(std::max(share, kSmallestShare));
}

ShareRows::ShareRows(Draw draw, const std::vector<std::size_t>& bins, std::size_t kept)
    : draw_(std::move(draw)), room_(kept) {
  for (const std::size_t count : bins)
    rows_.emplace_back(count);
}

const std::vector<double>& ShareRows::logs(std::size_t skew, std::uint32_t bin) {
  auto& row = rows_[skew][bin];
  if (!row.empty()) return row;
  auto drawn = draw_(skew, bin);
  for (double& share : drawn)
    share = log_share(share);
  if (used_ > 0 && used_ + drawn.size() > room_) {
    for (auto& rows : rows_)
      for (auto& kept : rows)
        kept = {};
    used_ = 0;
  }
  used_ += drawn.size();
  return row = std::move(drawn);
}

}  // namespace lorafleet::partition
