#include <algorithm>
#include <stdexcept>

#include "actors/strategy/selection/selection.hpp"

namespace lorafleet::strategy {
namespace {

/// By rising client id, from the one after the last that was chosen, and from the start again after
/// the last client; who is not a candidate is passed over. O(candidates).
class RoundRobinSelection final : public Selection {
 public:
  std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates, std::size_t count,
                                    Random& /*random*/, const SelectionView& /*view*/) override {
    std::vector<sim::ClientId> order(count);
    // Unsigned: who is before `next_` comes after the largest id.
    std::partial_sort_copy(
        candidates.begin(), candidates.end(), order.begin(), order.end(),
        [this](sim::ClientId a, sim::ClientId b) { return a.value - next_ < b.value - next_; });
    if (!order.empty()) next_ = order.back().value + 1;
    return order;
  }

  [[nodiscard]] NamedVectors state() const override {
    return {{"next", {static_cast<double>(next_)}}};
  }
  void restore(const NamedVectors& state) override {
    if (state.size() != 1 || state[0].first != "next" || state[0].second.size() != 1) {
      throw std::invalid_argument("the state is not of round_robin");
    }
    next_ = static_cast<std::uint32_t>(state[0].second[0]);
  }

 private:
  std::uint32_t next_ = 0;
};

}  // namespace

SelectionEntry round_robin() {
  return {.name = "round_robin", .make = [](const ClientsConfig&) -> std::unique_ptr<Selection> {
            return std::make_unique<RoundRobinSelection>();
          }};
}

}  // namespace lorafleet::strategy
