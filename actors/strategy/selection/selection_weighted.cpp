#include "actors/strategy/selection/selections.hpp"
#include "actors/strategy/selection/weighted_sampling.hpp"

namespace lorafleet::strategy {
namespace {

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

std::unique_ptr<Selection> make_weighted(const ClientsConfig& /*clients*/) {
  return std::make_unique<WeightedSelection>();
}

}  // namespace lorafleet::strategy
