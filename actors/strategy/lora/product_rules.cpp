#include <algorithm>
#include <cmath>
#include <functional>

#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/lora/measures.hpp"
#include "actors/strategy/lora/rule_options.hpp"
#include "actors/strategy/lora/whole_tensors.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::strategy {
namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows for directions without a singular value, where B is 0: with A = 0 too, neither factor would
/// ever get a gradient.
using FillRow = std::function<Vector(Index row)>;

/// s B A = left sigma right^T: balanced B = left sqrt(sigma / s), A = sqrt(sigma / s) right^T, or
/// B = left sigma / s, A = right^T.
void write_factors(const TopSvd& svd, double scale, Split split, const FillRow& fill,
                   std::size_t module, model::Adapter& adapter) {
  const model::LoraModule& shape = adapter.layout->modules()[module];
  Eigen::Map<RowMajor> b(adapter.b(module).data(), shape.out, shape.rank);
  Eigen::Map<RowMajor> a(adapter.a(module).data(), shape.rank, shape.in);
  for (Index i = 0; i < shape.rank; ++i) {
    const double sigma = svd.sigma[i];
    if (!(sigma > svd.noise) && std::isfinite(sigma)) {
      a.row(i) = fill(i).cast<float>().transpose();
      b.col(i).setZero();
      continue;
    }
    const double in_b = split == Split::balanced ? std::sqrt(sigma / scale) : sigma / scale;
    const double in_a = split == Split::balanced ? in_b : 1.0;
    a.row(i) = (in_a * svd.right.col(i)).cast<float>().transpose();
    b.col(i) = (in_b * svd.left.col(i)).cast<float>();
  }
}

/// A row as at the start of a run (uniform in +-1/sqrt(in)), orthogonal to the rows that are kept;
/// of length 1 where A is orthonormal.
class FreshRows {
 public:
  FreshRows(const TopSvd& svd, Split split, Random random)
      : kept_(svd.right), split_(split), random_(random) {
    for (Index i = 0; i < kept_.cols(); ++i) {
      if (!(svd.sigma[i] > svd.noise)) kept_.col(i).setZero();
    }
  }
  Vector operator()(Index row) {
    const auto in = kept_.rows();
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    Vector fresh(in);
    for (double& value : fresh)
      value = random_.uniform(-bound, bound);
    const double length = split_ == Split::b ? 1.0 : fresh.norm();
    for (int turn = 0; turn < 2; ++turn)
      fresh -= kept_ * (kept_.transpose() * fresh);
    if (fresh.norm() > 0.0) fresh.normalize();
    kept_.col(row) = fresh;
    return length * fresh;
  }

 private:
  Matrix kept_;
  Split split_;
  Random random_;
};

/// Sums products and approximates the sum at the server's rank.
class ProductRule : public LoraRule {
 public:
  explicit ProductRule(const AggregationConfig& config)
      : split_(splits().at(config.lora_split).value) {}

  [[nodiscard]] FoldOutcome fold(const model::Adapter& current, std::span<const FoldItem> items,
                                 const FoldContext& context) const override {
    const auto terms = ideal(current, items, context.server_lr);
    auto next = std::make_shared<model::Adapter>(model::Adapter{
        current.layout, std::vector<float>(current.values.size()), current.base_change});
    FoldOutcome outcome;
    double energy = 0.0;
    double dropped = 0.0;
    double ranks = 0.0;
    int counted = 0;
    for (std::size_t i = 0; i < current.layout->modules().size(); ++i) {
      const model::LoraModule& module = current.layout->modules()[i];
      const TopSvd svd = top_svd(stack_module(terms, i), module.rank, context.report);
      FreshRows fresh(svd, split_,
                      Random(context.run_seed, Purpose::factor_restart, i, context.next.value));
      write_factors(svd, module.scale(), split_, std::ref(fresh), i, *next);
      energy += svd.energy;
      dropped += svd.dropped;
      const double rank = effective_rank(svd.sigma);
      ranks += rank;
      counted += rank > 0.0 ? 1 : 0;
    }
    fold_whole(current, items, context.server_lr, *next);
    outcome.report.effective_rank = counted == 0 ? 0.0 : ranks / counted;
    if (context.report) {
      outcome.report.dropped_energy = energy > 0.0 ? dropped / energy : 0.0;
      if (energy > 0.0) outcome.report.reconstruction_error = std::sqrt(dropped / energy);
      measure_products(items, std::vector<ProductTerm>{{1.0, next.get()}, {-1.0, &current}},
                       outcome.report);
    }
    if (model::all_finite(*next)) outcome.next = std::move(next);
    return outcome;
  }

  [[nodiscard]] model::AdapterPtr view(const model::AdapterPtr& global,
                                       const model::LayoutPtr& layout) const override {
    if (*global->layout == *layout) return global;
    auto view = std::make_shared<model::Adapter>(
        model::Adapter{layout, std::vector<float>(layout->size()), global->base_change});
    const ProductTerm whole{1.0, global.get()};
    for (std::size_t i = 0; i < layout->modules().size(); ++i) {
      const model::LoraModule& from = global->layout->modules()[i];
      const model::LoraModule& to = layout->modules()[i];
      const Eigen::Map<const RowMajor> a(global->a(i).data(), from.rank, from.in);
      const auto fill = [&](Index row) -> Vector {
        return a.row(std::min(row, a.rows() - 1)).cast<double>().transpose();
      };
      write_factors(top_svd(stack_module(std::span(&whole, 1), i), to.rank), to.scale(), split_,
                    fill, i, *view);
    }
    copy_whole(*global, *view);
    return view;
  }

 private:
  Split split_;
};

/// HLoRA (arXiv 2503.00813), FlexLoRA (arXiv 2402.11505): the best approximation, at the server's
/// rank, of dW + lr sum_k w_k (dW_k - dW); for weights that sum to 1 and lr = 1, of
/// sum_k w_k dW_k. A client of rank r receives the best approximation of rank r.
class HLora final : public ProductRule {
 public:
  using ProductRule::ProductRule;

  [[nodiscard]] std::vector<ProductTerm> ideal(const model::Adapter& current,
                                               std::span<const FoldItem> items,
                                               double lr) const override {
    std::vector<ProductTerm> terms{{1.0, &current}};
    for (const FoldItem& item : items) {
      terms.push_back({lr * item.weight, item.adapter.get()});
      terms.push_back({-lr * item.weight, &current});
    }
    return terms;
  }
};

/// The best approximation, at the server's rank, of dW + lr sum_k w_k (dW_k - dW_{v,k}), where
/// dW_{v,k} is what client k received of version v, at its own rank: what a client never saw, and
/// what others did since, stays as it is.
class Product final : public ProductRule {
 public:
  using ProductRule::ProductRule;
};

}  // namespace

const NamedValues<Split>& splits() {
  static const NamedValues<Split> kRegistry("aggregation.lora_split",
                                            {{"balanced", Split::balanced}, {"b", Split::b}});
  return kRegistry;
}

LoraRuleEntry hlora() {
  return {
      .name = "hlora",
      .keys = {"aggregation.lora_split"},
      .any_ranks = true,
      .factor_space = false,
      .needs_averages = true,
      .elsewhere =
          "it averages whole products, and a buffer, or a round with late updates, adds up "
          "differences of them, whose anchors a client of a smaller rank has seen only in part; "
          "\"product\" does that",
      .make = [](const AggregationConfig& config) -> std::unique_ptr<LoraRule> {
        return std::make_unique<HLora>(config);
      }};
}

LoraRuleEntry flexlora() {
  LoraRuleEntry entry = hlora();
  entry.name = "flexlora";
  return entry;
}

LoraRuleEntry product() {
  return {.name = "product",
          .keys = {"aggregation.lora_split"},
          .any_ranks = true,
          .factor_space = false,
          .from_trained = true,
          .make = [](const AggregationConfig& config) -> std::unique_ptr<LoraRule> {
            return std::make_unique<Product>(config);
          }};
}

}  // namespace lorafleet::strategy
