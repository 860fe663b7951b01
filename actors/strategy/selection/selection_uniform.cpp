#include <unordered_map>

#include "actors/strategy/selection/selection.hpp"

namespace lorafleet::strategy {
namespace {

/// The first `count` steps of a Fisher-Yates shuffle; only the places that it touched are stored.
/// Each subset of `count` candidates is equally likely; O(count), whatever their number.
class UniformSelection final : public Selection {
 public:
  std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates, std::size_t count,
                                    Random& random, const SelectionView& /*view*/) override {
    if (count == 1) return {candidates[random.below(candidates.size())]};
    std::vector<sim::ClientId> chosen;
    chosen.reserve(count);
    std::unordered_map<std::size_t, std::size_t> moved;
    const auto at = [&](std::size_t place) {
      const auto found = moved.find(place);
      return found == moved.end() ? place : found->second;
    };
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = i + random.below(candidates.size() - i);
      chosen.push_back(candidates[at(place)]);
      moved[place] = at(i);
    }
    return chosen;
  }
};

}  // namespace

SelectionEntry uniform() {
  return {.name = "uniform", .make = [](const ClientsConfig&) -> std::unique_ptr<Selection> {
            return std::make_unique<UniformSelection>();
          }};
}

}  // namespace lorafleet::strategy
