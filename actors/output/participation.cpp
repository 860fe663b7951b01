#include "actors/output/participation.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace lorafleet::actors {

std::vector<bool> slow_half(const std::vector<double>& tokens_per_second) {
  std::vector<std::size_t> order(tokens_per_second.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tokens_per_second[a] < tokens_per_second[b];
  });
  std::vector<bool> slow(order.size());
  for (std::size_t i = 0; i < order.size() / 2; ++i)
    slow[order[i]] = true;
  return slow;
}

Participation participation(const std::vector<std::int64_t>& updates,
                            const std::vector<bool>& slow) {
  std::vector<std::int64_t> sorted = updates;
  std::sort(sorted.begin(), sorted.end());
  double sum = 0.0;
  double weighted = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum += static_cast<double>(sorted[i]);
    weighted += static_cast<double>(i + 1) * static_cast<double>(sorted[i]);
  }
  if (sum == 0.0) return {};
  const auto count = static_cast<double>(sorted.size());
  double of_slow = 0.0;
  for (std::size_t i = 0; i < updates.size(); ++i)
    of_slow += slow[i] ? static_cast<double>(updates[i]) : 0.0;
  return {2.0 * weighted / (count * sum) - (count + 1.0) / count, of_slow / sum};
}

}  // namespace lorafleet::actors
