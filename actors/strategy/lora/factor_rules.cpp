#include <algorithm>
#include <cassert>
#include <cmath>

#include "actors/strategy/lora/fold_measures.hpp"
#include "actors/strategy/lora/lora_rules.hpp"

namespace lorafleet::strategy {
namespace {

using model::Factors;

/// Calls `visit(begin, end)` for the values of `which`, in the order of the layout.
template <typename Visit>
void for_factors(const model::AdapterLayout& layout, Factors which, Visit&& visit) {
  if (which == Factors::both) {
    visit(std::size_t{0}, layout.size());
    return;
  }
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const std::size_t begin = which == Factors::a ? layout.a_offset(i) : layout.b_offset(i);
    visit(begin, begin + (which == Factors::a ? layout.a_size(i) : layout.b_size(i)));
  }
}

/// delta = sum_k w_k (x_k - anchor_k), over the factors that each update carries.
class AveragedFactors : public LoraRule {
 public:
  [[nodiscard]] FoldOutcome fold(const model::Adapter& current, std::span<const FoldItem> items,
                                 const FoldContext& context) const override {
    FoldOutcome outcome;
    outcome.delta.assign(current.values.size(), 0.0);
    for (const FoldItem& item : items) {
      add_change(*current.layout, item,
                 [&](std::size_t i, double change) { outcome.delta[i] += item.weight * change; });
    }
    if (context.report) measure(*current.layout, items, outcome);
    return outcome;
  }

 private:
  template <typename Take>
  void add_change(const model::AdapterLayout& layout, const FoldItem& item, Take&& take) const {
    const auto& to = item.adapter->values;
    const auto& from = item.anchor->values;
    assert(to.size() == layout.size() && from.size() == layout.size());
    for_factors(layout, carries(item.trained_from), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i)
        take(i, static_cast<double>(to[i]) - static_cast<double>(from[i]));
    });
  }

  void measure(const model::AdapterLayout& layout, std::span<const FoldItem> items,
               FoldOutcome& outcome) const {
    double step = 0.0;
    for (const double value : outcome.delta)
      step += value * value;
    for (const FoldItem& item : items) {
      double inner = 0.0;
      double square = 0.0;
      add_change(layout, item, [&](std::size_t i, double change) {
        inner += change * outcome.delta[i];
        square += change * change;
      });
      outcome.report.norms.push_back(std::sqrt(square));
      outcome.report.cosines.push_back(cosine(inner, std::sqrt(square), std::sqrt(step)));
    }
  }
};

class FedIt final : public AveragedFactors {
 public:
  [[nodiscard]] RuleTraits traits() const override { return {}; }
};

class FfaLora final : public AveragedFactors {
 public:
  [[nodiscard]] RuleTraits traits() const override { return {}; }
  [[nodiscard]] Factors trains(sim::Version) const override { return Factors::b; }
  [[nodiscard]] Factors receives(sim::Version) const override { return Factors::b; }
};

class FedSa final : public AveragedFactors {
 public:
  [[nodiscard]] RuleTraits traits() const override {
    RuleTraits traits;
    traits.needs_private_b = true;
    traits.has_global_product = false;
    return traits;
  }
  [[nodiscard]] Factors carries(sim::Version) const override { return Factors::a; }
  [[nodiscard]] Factors receives(sim::Version) const override { return Factors::a; }
};

class RoLora final : public AveragedFactors {
 public:
  [[nodiscard]] RuleTraits traits() const override {
    RuleTraits traits;
    traits.from_trained = true;
    return traits;
  }
  [[nodiscard]] Factors trains(sim::Version trained_from) const override {
    return trained_from.value % 2 == 0 ? Factors::b : Factors::a;
  }
};

}  // namespace

std::unique_ptr<LoraRule> make_fedit() {
  return std::make_unique<FedIt>();
}
std::unique_ptr<LoraRule> make_ffa() {
  return std::make_unique<FfaLora>();
}
std::unique_ptr<LoraRule> make_fedsa() {
  return std::make_unique<FedSa>();
}
std::unique_ptr<LoraRule> make_rolora() {
  return std::make_unique<RoLora>();
}

}  // namespace lorafleet::strategy
