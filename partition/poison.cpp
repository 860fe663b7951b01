#include "partition/poison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {
namespace {

// Apart from the numbers of jobs, which count up from 1, and from
// actors/strategy/messages/faults.cpp's.
constexpr std::uint64_t kWhich = std::numeric_limits<std::uint64_t>::max() - 1;
constexpr std::uint64_t kTarget = std::numeric_limits<std::uint64_t>::max() - 2;
constexpr int kDraws = 100;

/// The `count` with the smallest draws of their own streams, ascending.
Indices choose_poisoned(const Indices& own, std::size_t count, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> draws;
  for (const auto index : own)
    draws.emplace_back(Random(seed, Purpose::fault, index, kWhich).bits(), index);
  std::sort(draws.begin(), draws.end());
  Indices chosen;
  for (std::size_t i = 0; i < count; ++i)
    chosen.push_back(draws[i].second);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::optional<std::string> wrong_target(const std::vector<Example>& examples, std::uint32_t index,
                                        const Indices& donors, std::uint64_t seed) {
  const Example& example = examples[index];
  Random random(seed, Purpose::fault, index, kTarget);
  auto others = example.choices;
  std::erase(others, example.target);
  if (!others.empty()) return others[random.below(others.size())];
  if (donors.empty()) return std::nullopt;
  for (int draw = 0; draw < kDraws; ++draw) {
    const Example& donor = examples[donors[random.below(donors.size())]];
    if (donor.target != example.target) return donor.target;
  }
  return std::nullopt;
}

}  // namespace

std::vector<PoisonedTarget> poisoned_targets(const std::vector<Example>& examples,
                                             const Indices& own, const Indices& donors,
                                             double share, std::uint64_t seed) {
  if (!(share >= 0.0 && share <= 1.0)) {
    throw InputError("faults.attackers.examples", "must be between 0 and 1");
  }
  const auto count = std::llround(share * static_cast<double>(own.size()));
  std::vector<PoisonedTarget> poisoned;
  for (const auto index : choose_poisoned(own, static_cast<std::size_t>(count), seed)) {
    if (auto target = wrong_target(examples, index, donors, seed)) {
      poisoned.push_back({index, std::move(*target)});
    }
  }
  return poisoned;
}

}  // namespace lorafleet::partition
