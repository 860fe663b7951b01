#include "actors/strategy/selection/selection.hpp"
#include "actors/strategy/selection/weighted_sampling.hpp"

namespace lorafleet::strategy {
namespace {

/// One after the other, without replacement, each time with probability proportional to the
/// client's examples: see weighted_sampling.hpp for the cost.
class WeightedSelection final : public Selection {
 public:
  std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates, std::size_t count,
                                    Random& random, const SelectionView& view) override {
    return weighted_sample(
        candidates, count, random,
        [&](sim::ClientId client) { return static_cast<double>(view.examples(client)); },
        static_cast<double>(view.most_examples()));
  }
};

}  // namespace

SelectionEntry weighted() {
  return {.name = "weighted", .make = [](const ClientsConfig&) -> std::unique_ptr<Selection> {
            return std::make_unique<WeightedSelection>();
          }};
}

}  // namespace lorafleet::strategy
