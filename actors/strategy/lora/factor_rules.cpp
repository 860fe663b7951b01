#include <algorithm>
#include <cassert>
#include <cmath>

#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/lora/measures.hpp"

namespace lorafleet::strategy {
namespace {

using model::Factors;

/// Calls `visit(begin, end)` for the values of `which` and of what is trained whole, in the order
/// of the layout.
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
  visit(layout.factors_size(), layout.size());
}

/// delta = sum_k w_k (x_k - anchor_k), over the factors that each update carries, and what is
/// trained whole.
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

/// FedIT (arXiv 2305.05644): A += sum_k w_k (A_k - A_anchor), B alike; equal ranks.
class FedIt final : public AveragedFactors {
 public:
};

/// FFA-LoRA (arXiv 2403.12313): A stays at its shared initial value, only B is trained and
/// averaged.
class FfaLora final : public AveragedFactors {
 public:
  [[nodiscard]] Factors trains(sim::Version) const override { return Factors::b; }
  [[nodiscard]] Factors receives(sim::Version) const override { return Factors::b; }
};

/// FedSA-LoRA (arXiv 2410.01463): both are trained, A is averaged, B stays with its client.
class FedSa final : public AveragedFactors {
 public:
  [[nodiscard]] Factors carries(sim::Version) const override { return Factors::a; }
  [[nodiscard]] Factors receives(sim::Version) const override { return Factors::a; }
};

/// RoLoRA (arXiv 2409.02346): round t = v + 1, counted from 1, trains and averages B where t is odd
/// and A where it is even (B first: it starts at 0, and with B = 0 the gradient of A is 0). An
/// update moves only the factor that it trained, measured from the version that it trained from.
class RoLora final : public AveragedFactors {
 public:
  [[nodiscard]] Factors trains(sim::Version trained_from) const override {
    return trained_from.value % 2 == 0 ? Factors::b : Factors::a;
  }
};

}  // namespace

LoraRuleEntry fedit() {
  return {.name = "fedit",
          .sees_products = false,
          .make = [](const AggregationConfig&) -> std::unique_ptr<LoraRule> {
            return std::make_unique<FedIt>();
          }};
}

LoraRuleEntry ffa() {
  return {.name = "ffa", .make = [](const AggregationConfig&) -> std::unique_ptr<LoraRule> {
            return std::make_unique<FfaLora>();
          }};
}

LoraRuleEntry fedsa() {
  return {.name = "fedsa",
          .needs_private_b = true,
          .has_global_product = false,
          .make = [](const AggregationConfig&) -> std::unique_ptr<LoraRule> {
            return std::make_unique<FedSa>();
          }};
}

LoraRuleEntry rolora() {
  return {.name = "rolora",
          .from_trained = true,
          .make = [](const AggregationConfig&) -> std::unique_ptr<LoraRule> {
            return std::make_unique<RoLora>();
          }};
}

}  // namespace lorafleet::strategy
