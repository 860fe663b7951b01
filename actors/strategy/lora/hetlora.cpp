#include <algorithm>
#include <cmath>
#include <numeric>

#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/lora/measures.hpp"
#include "actors/strategy/lora/rule_options.hpp"
#include "actors/strategy/lora/truncated_view.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {
namespace {

/// |B[:, first:]|_F |A[first:, :]|_F of a module.
double tail_size(const model::Adapter& adapter, std::size_t module, std::int64_t first) {
  const model::TailNorms norms = model::tail_norms(adapter, module, first);
  return norms.b * norms.a;
}

/// HetLoRA (arXiv 2401.06432): A = sum_k p_k pad(A_k), B = sum_k p_k pad(s_k / s B_k), with zero
/// rows (columns) up to the server's rank and p_k = |dW_k|_F / sum_j |dW_j|_F; s_k / s, so that a
/// client's product counts as it is. A client of rank r receives the first r rows and columns.
/// Self-pruning (gamma < 1), decided by the server from what it has: where
/// |B[:, m:]|_F |A[m:, :]|_F, m = floor(gamma r), fell in a module while the client trained, the
/// client's rank there is m from then on. Clients push it down by hetlora_lambda times this product
/// in their loss (model/training/rank_penalty.hpp), as in the paper.
class HetLora final : public LoraRule {
 public:
  explicit HetLora(const AggregationConfig& config)
      : weighting_(hetlora_weightings().at(config.hetlora_weighting).value),
        gamma_(config.hetlora_gamma),
        lambda_(config.hetlora_lambda) {
    AggregationConfig::kHetloraGamma.require("aggregation.hetlora_gamma", gamma_);
    AggregationConfig::kHetloraLambda.require("aggregation.hetlora_lambda", lambda_);
    if (lambda_ > 0.0 && gamma_ >= 1.0) {
      throw InputError("aggregation.hetlora_lambda",
                       "weighs the part of a rank that hetlora_gamma would cut, and with "
                       "hetlora_gamma = 1 there is none; allowed: 0, or hetlora_gamma below 1");
    }
  }

  [[nodiscard]] FoldOutcome fold(const model::Adapter& current, std::span<const FoldItem> items,
                                 const FoldContext& context) const override {
    const auto weights = weights_of(items);
    FoldOutcome outcome;
    outcome.delta.assign(current.values.size(), 0.0);
    for (std::size_t k = 0; k < items.size(); ++k) {
      const model::Adapter whole = padded(*items[k].adapter, current.layout);
      for (std::size_t i = 0; i < outcome.delta.size(); ++i) {
        outcome.delta[i] += weights[k] * (static_cast<double>(whole.values[i]) -
                                          static_cast<double>(current.values[i]));
      }
    }
    if (context.report) measure(current, items, outcome);
    return outcome;
  }

  [[nodiscard]] std::vector<ProductTerm> ideal(const model::Adapter& current,
                                               std::span<const FoldItem> items,
                                               double lr) const override {
    const auto weights = weights_of(items);
    std::vector<ProductTerm> terms{{1.0 - lr, &current}};
    for (std::size_t k = 0; k < items.size(); ++k)
      terms.push_back({lr * weights[k], items[k].adapter.get()});
    return terms;
  }

  [[nodiscard]] model::AdapterPtr view(const model::AdapterPtr& global,
                                       const model::LayoutPtr& layout) const override {
    return truncated_view(global, layout);
  }

  [[nodiscard]] model::LayoutPtr layout_after(const model::Adapter& trained,
                                              const model::Adapter& start) const override {
    if (gamma_ >= 1.0) return trained.layout;
    auto modules = trained.layout->modules();
    for (std::size_t i = 0; i < modules.size(); ++i) {
      model::LoraModule& module = modules[i];
      const std::int64_t kept = model::kept_rank(module.rank, gamma_);
      if (tail_size(trained, i, kept) >= tail_size(start, i, kept)) continue;
      const double scale = module.scale();
      module.rank = kept;
      module.alpha *= scale / module.scale();  // the rows that stay count as before
    }
    if (modules == trained.layout->modules()) return trained.layout;
    return std::make_shared<const model::AdapterLayout>(std::move(modules),
                                                        trained.layout->whole());
  }

  [[nodiscard]] model::RankPenalty penalty() const override { return {lambda_, gamma_}; }

 private:
  [[nodiscard]] std::vector<double> weights_of(std::span<const FoldItem> items) const {
    std::vector<double> weights;
    for (const FoldItem& item : items) {
      const ProductTerm own{1.0, item.adapter.get()};
      weights.push_back(
          weighting_ == HetLoraWeighting::norm
              ? frobenius_norm(std::span(&own, 1), item.adapter->layout->modules().size())
              : item.weight);
    }
    double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (!(sum > 0.0)) {  // no update says anything
      for (std::size_t k = 0; k < items.size(); ++k)
        weights[k] = items[k].weight;
      sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    }
    for (double& weight : weights)
      weight /= sum;
    return weights;
  }

  static void measure(const model::Adapter& current, std::span<const FoldItem> items,
                      FoldOutcome& outcome) {
    double step = 0.0;
    for (const double value : outcome.delta)
      step += value * value;
    for (std::size_t k = 0; k < items.size(); ++k) {
      const model::Adapter whole = padded(*items[k].adapter, current.layout);
      const model::Adapter anchor = padded(*items[k].anchor, current.layout);
      double inner = 0.0;
      double square = 0.0;
      for (std::size_t i = 0; i < outcome.delta.size(); ++i) {
        const double change =
            static_cast<double>(whole.values[i]) - static_cast<double>(anchor.values[i]);
        inner += change * outcome.delta[i];
        square += change * change;
      }
      outcome.report.norms.push_back(std::sqrt(square));
      outcome.report.cosines.push_back(cosine(inner, std::sqrt(square), std::sqrt(step)));
    }
  }

  HetLoraWeighting weighting_;
  double gamma_;
  double lambda_;
};

}  // namespace

const NamedValues<HetLoraWeighting>& hetlora_weightings() {
  static const NamedValues<HetLoraWeighting> kRegistry(
      "aggregation.hetlora_weighting",
      {{"norm", HetLoraWeighting::norm}, {"weighting", HetLoraWeighting::weighting}});
  return kRegistry;
}

LoraRuleEntry hetlora() {
  return {.name = "hetlora",
          .keys = {"aggregation.hetlora_weighting", "aggregation.hetlora_gamma",
                   "aggregation.hetlora_lambda"},
          .any_ranks = true,
          .needs_averages = true,
          .needs_rounds = true,
          .elsewhere =
              "zero-padded factors are an average over a whole cohort of one version, and single "
              "updates of a small rank would shrink the rows that they lack; \"product\" takes "
              "stale updates of any rank",
          .make = [](const AggregationConfig& config) -> std::unique_ptr<LoraRule> {
            return std::make_unique<HetLora>(config);
          }};
}

}  // namespace lorafleet::strategy
