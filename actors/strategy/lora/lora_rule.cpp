#include "actors/strategy/lora/lora_rule.hpp"

#include <stdexcept>

namespace lorafleet::strategy {

LoraRuleEntry fedit();
LoraRuleEntry ffa();
LoraRuleEntry fedsa();
LoraRuleEntry rolora();
LoraRuleEntry flora();
LoraRuleEntry fedex();
LoraRuleEntry hetlora();
LoraRuleEntry hlora();
LoraRuleEntry flexlora();
LoraRuleEntry product();

const Registry<LoraRuleEntry>& lora_rules() {
  static const Registry<LoraRuleEntry> kRegistry(
      "aggregation.lora", {fedit(), ffa(), fedsa(), rolora(), flora(), fedex(), hetlora(), hlora(),
                           flexlora(), product()});
  return kRegistry;
}

model::Factors LoraRule::trains(sim::Version) const {
  return model::Factors::both;
}

model::Factors LoraRule::carries(sim::Version trained_from) const {
  return trains(trained_from);
}

model::Factors LoraRule::receives(sim::Version) const {
  return model::Factors::both;
}

std::vector<ProductTerm> LoraRule::ideal(const model::Adapter& current,
                                         std::span<const FoldItem> items, double lr) const {
  std::vector<ProductTerm> terms{{1.0, &current}};
  for (const FoldItem& item : items) {
    terms.push_back({lr * item.weight, item.adapter.get()});
    terms.push_back({-lr * item.weight, item.anchor.get()});
  }
  return terms;
}

model::AdapterPtr LoraRule::view(const model::AdapterPtr& global,
                                 const model::LayoutPtr& layout) const {
  if (*global->layout != *layout) {
    throw std::invalid_argument("this rule needs clients of the server's layout");
  }
  return global;
}

model::LayoutPtr LoraRule::layout_after(const model::Adapter& trained,
                                        const model::Adapter&) const {
  return trained.layout;
}

}  // namespace lorafleet::strategy
