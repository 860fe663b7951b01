#include <algorithm>
#include <cmath>

#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/lora/measures.hpp"
#include "actors/strategy/lora/rule_options.hpp"
#include "actors/strategy/lora/truncated_view.hpp"
#include "actors/strategy/lora/whole_tensors.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::strategy {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What adding to the base did, for the report.
struct BaseStep {
  model::BaseChangePtr total;
  double added = 0.0;    ///< |the sum that was to be added|_F^2 over all modules
  double rounded = 0.0;  ///< |what rounding to float32 made of it - that|_F^2
  std::int64_t bytes = 0;
  bool finite = true;
};

/// base + sum of the terms, each module [out, in] at a time, in double.
BaseStep add_to_base(const model::BaseChangePtr& base, const model::AdapterLayout& layout,
                     std::span<const ProductTerm> terms, sim::Version next) {
  auto total = std::make_shared<model::BaseChange>();
  total->id = next.value;
  total->modules = layout.modules();
  BaseStep step;
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const model::LoraModule& module = layout.modules()[i];
    const auto size = static_cast<std::size_t>(module.out * module.in);
    auto& delta = total->deltas.emplace_back(size, 0.0f);
    if (base != nullptr) delta = base->deltas.at(i);
    const Stack stack = stack_module(terms, i);
    step.bytes += 4 * std::min(stack.rank() * (module.out + module.in), module.out * module.in);
    if (stack.rank() == 0) continue;
    Eigen::Map<RowMajor> target(delta.data(), module.out, module.in);
    const Matrix sum = dense(stack);
    const Matrix exact = target.cast<double>() + sum;
    target = exact.cast<float>();
    step.added += sum.squaredNorm();
    step.rounded += (target.cast<double>() - exact).squaredNorm();
    step.finite = step.finite && target.allFinite();
  }
  step.total = std::move(total);
  return step;
}

/// FLoRA (arXiv 2409.05976): base += dW + lr sum_k w_k (dW_k - dW_{v,k}), exactly, and new factors
/// with B = 0 (so that dW = dW_{v,k} = 0 but for an adapter that the run was given to start from).
class FLora final : public LoraRule {
 public:
  explicit FLora(const AggregationConfig& config)
      : reinit_(reinits().at(config.lora_reinit).value) {}

  [[nodiscard]] FoldOutcome fold(const model::Adapter& current, std::span<const FoldItem> items,
                                 const FoldContext& context) const override {
    const auto terms = ideal(current, items, context.server_lr);
    BaseStep step = add_to_base(current.base_change, *current.layout, terms, context.next);
    FoldOutcome outcome;
    outcome.report.base_change_bytes = step.bytes;
    if (!step.finite) return outcome;
    auto next = std::make_shared<model::Adapter>(restarted(current.layout, context));
    next->base_change = step.total;
    fold_whole(current, items, context.server_lr, *next);
    if (!model::all_finite(*next)) return outcome;
    if (context.report) {
      if (step.added > 0.0) {
        outcome.report.reconstruction_error = std::sqrt(step.rounded / step.added);
      }
      outcome.report.effective_rank = rank_of_step(terms, current.layout->modules().size());
      auto change = terms;
      change.front().factor = 0.0;  // what was folded before is no step
      measure_products(items, change, outcome.report);
    }
    outcome.next = std::move(next);
    return outcome;
  }

  /// The first rows of A, and B, which is 0 unless the run was given an adapter to start from.
  [[nodiscard]] model::AdapterPtr view(const model::AdapterPtr& global,
                                       const model::LayoutPtr& layout) const override {
    return truncated_view(global, layout);
  }

 private:
  [[nodiscard]] model::Adapter restarted(const model::LayoutPtr& layout,
                                         const FoldContext& context) const {
    model::Adapter adapter = model::initial_adapter(layout, context.run_seed);
    if (reinit_ == Reinit::initial) return adapter;
    for (std::size_t i = 0; i < layout->modules().size(); ++i) {
      Random random(context.run_seed, Purpose::factor_restart, i, context.next.value);
      const double bound = 1.0 / std::sqrt(static_cast<double>(layout->modules()[i].in));
      for (float& value : adapter.a(i))
        value = static_cast<float>(random.uniform(-bound, bound));
    }
    return adapter;
  }

  static double rank_of_step(std::span<const ProductTerm> terms, std::size_t modules) {
    double sum = 0.0;
    int counted = 0;
    for (std::size_t i = 0; i < modules; ++i) {
      const double rank = effective_rank(singular_values(stack_module(terms, i)));
      sum += rank;
      counted += rank > 0.0 ? 1 : 0;
    }
    return counted == 0 ? 0.0 : sum / counted;
  }

  Reinit reinit_;
};

/// FedEx-LoRA (arXiv 2410.09432): A += lr sum_k w_k (A_k - A_v), B alike, and what is missing goes
/// into the base: dW + lr sum_k w_k (dW_k - dW_v) - dW_new. For weights that sum to 1 and lr = 1
/// this is the paper's sum_k w_k s B_k A_k - s B A.
class FedEx final : public LoraRule {
 public:
  [[nodiscard]] FoldOutcome fold(const model::Adapter& current, std::span<const FoldItem> items,
                                 const FoldContext& context) const override {
    std::vector<double> delta(current.values.size(), 0.0);
    for (const FoldItem& item : items) {
      for (std::size_t i = 0; i < delta.size(); ++i) {
        delta[i] += item.weight * (static_cast<double>(item.adapter->values[i]) -
                                   static_cast<double>(item.anchor->values[i]));
      }
    }
    auto next = std::make_shared<model::Adapter>(current);
    for (std::size_t i = 0; i < delta.size(); ++i) {
      next->values[i] = static_cast<float>(current.values[i] + context.server_lr * delta[i]);
    }
    FoldOutcome outcome;
    if (!model::all_finite(*next)) return outcome;
    const auto wanted = ideal(current, items, context.server_lr);
    auto residual = wanted;
    residual.push_back({-1.0, next.get()});
    BaseStep step = add_to_base(current.base_change, *current.layout, residual, context.next);
    outcome.report.base_change_bytes = step.bytes;
    if (!step.finite) return outcome;
    if (context.report) {
      const double size = frobenius_norm(wanted, current.layout->modules().size());
      if (size > 0.0) outcome.report.reconstruction_error = std::sqrt(step.rounded) / size;
      auto change = wanted;
      change.push_back({-1.0, &current});
      measure_products(items, change, outcome.report);
    }
    next->base_change = step.total;
    outcome.next = std::move(next);
    return outcome;
  }
};

}  // namespace

const NamedValues<Reinit>& reinits() {
  static const NamedValues<Reinit> kRegistry(
      "aggregation.lora_reinit", {{"fresh", Reinit::fresh}, {"initial", Reinit::initial}});
  return kRegistry;
}

LoraRuleEntry flora() {
  return {.name = "flora",
          .keys = {"aggregation.lora_reinit"},
          .any_ranks = true,
          .factor_space = false,
          .changes_base = true,
          .from_trained = true,
          .make = [](const AggregationConfig& config) -> std::unique_ptr<LoraRule> {
            return std::make_unique<FLora>(config);
          }};
}

LoraRuleEntry fedex() {
  return {.name = "fedex",
          .factor_space = false,
          .changes_base = true,
          .from_trained = true,
          .make = [](const AggregationConfig&) -> std::unique_ptr<LoraRule> {
            return std::make_unique<FedEx>();
          }};
}

}  // namespace lorafleet::strategy
