#include "actors/strategy/lora_rule.hpp"

#include <cassert>

namespace lorafleet::strategy {
namespace {

class FedIt final : public LoraRule {
 public:
  [[nodiscard]] std::vector<double> aggregate(const model::Adapter& current,
                                              std::span<const FoldItem> items) const override {
    std::vector<double> delta(current.values.size(), 0.0);
    for (const FoldItem& item : items) {
      const auto& to = item.adapter->values;
      const auto& from = item.anchor->values;
      assert(to.size() == delta.size() && from.size() == delta.size());
      for (std::size_t i = 0; i < delta.size(); ++i) {
        delta[i] += item.weight * (static_cast<double>(to[i]) - static_cast<double>(from[i]));
      }
    }
    return delta;
  }
};

}  // namespace

const Registry<LoraRule>& lora_rules() {
  static const Registry<LoraRule> registry("aggregation.lora",
                                           {{"fedit", [] { return std::make_unique<FedIt>(); }}});
  return registry;
}

}  // namespace lorafleet::strategy
