#include "actors/strategy/lora/lora_rule.hpp"

#include <algorithm>
#include <stdexcept>

#include "actors/strategy/lora/lora_rules.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {

bool RuleTraits::sound_in(const std::string& mode) const {
  return modes.empty() || std::find(modes.begin(), modes.end(), mode) != modes.end();
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

const Registry<LoraRule, AggregationConfig>& lora_rules() {
  using Config = const AggregationConfig&;
  static const Registry<LoraRule, AggregationConfig> registry(
      "aggregation.lora", {{"fedit", [](Config) { return make_fedit(); }},
                           {"ffa", [](Config) { return make_ffa(); }},
                           {"fedsa", [](Config) { return make_fedsa(); }},
                           {"rolora", [](Config) { return make_rolora(); }},
                           {"flora", make_flora},
                           {"fedex", [](Config) { return make_fedex(); }},
                           {"hetlora", make_hetlora},
                           {"hlora", make_hlora},
                           {"flexlora", make_hlora},
                           {"product", make_product}});
  return registry;
}

void check_lora_rule(const LoraRule& rule, const AggregationConfig& config) {
  const RuleTraits traits = rule.traits();
  if (!traits.sound_in(config.mode)) {
    throw InputError("aggregation.lora", "\"" + config.lora + "\" cannot work in mode " +
                                             config.mode + ": " + traits.elsewhere +
                                             "; modes that it works in: " + join(traits.modes));
  }
  if (traits.factor_space) return;
  if (config.server_optimizer != "sgd" || config.server_momentum != 0.0) {
    throw InputError(
        "aggregation.server_optimizer",
        "\"" + config.lora +
            "\" folds products, whose factors are split anew in each version, so that "
            "moments of factors mean nothing; allowed: \"sgd\" with server_momentum 0");
  }
}

}  // namespace lorafleet::strategy
