#include "actors/strategy/selection/weighted_sampling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

namespace lorafleet::strategy {
namespace {

constexpr std::size_t kTrials = 64;
constexpr std::size_t kTrialsForEach = 16;

}  // namespace

std::vector<sim::ClientId> weighted_sample(std::span<const sim::ClientId> candidates,
                                           std::size_t count, Random& random,
                                           const ClientWeight& weight, double most) {
  std::vector<sim::ClientId> chosen;
  chosen.reserve(count);
  std::unordered_set<std::size_t> taken;
  std::size_t trials = most > 0.0 && std::isfinite(most) ? kTrials + kTrialsForEach * count : 0;
  for (; trials > 0 && chosen.size() < count; --trials) {
    const std::size_t place = random.below(candidates.size());
    const double level = random.uniform() * most;
    if (taken.contains(place) || level >= weight(candidates[place])) continue;
    taken.insert(place);
    chosen.push_back(candidates[place]);
  }
  if (chosen.size() == count) return chosen;

  std::vector<std::pair<double, std::size_t>> keys;
  for (std::size_t place = 0; place < candidates.size(); ++place) {
    if (taken.contains(place)) continue;
    const double draw = random.exponential();
    const double own = weight(candidates[place]);
    keys.emplace_back(own > 0.0 ? draw / own : std::numeric_limits<double>::infinity(), place);
  }
  const auto missing = static_cast<std::ptrdiff_t>(count - chosen.size());
  std::partial_sort(keys.begin(), keys.begin() + missing, keys.end());
  for (auto key = keys.begin(); key != keys.begin() + missing; ++key)
    chosen.push_back(candidates[key->second]);
  return chosen;
}

}  // namespace lorafleet::strategy
