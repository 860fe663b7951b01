#include "actors/strategy/lora/measures.hpp"

#include <algorithm>
#include <cmath>

namespace lorafleet::strategy {

double effective_rank(const Vector& sigma) {
  const double energy = sigma.squaredNorm();
  if (!(energy > 0.0)) return 0.0;
  double entropy = 0.0;
  for (const double value : sigma) {
    const double p = value * value / energy;
    if (p > 0.0) entropy -= p * std::log(p);
  }
  return std::exp(entropy);
}

double effective_rank(const model::Adapter& adapter) {
  const ProductTerm term{1.0, &adapter};
  double sum = 0.0;
  std::size_t counted = 0;
  for (std::size_t i = 0; i < adapter.layout->modules().size(); ++i) {
    const double rank = effective_rank(singular_values(stack_module(std::span(&term, 1), i)));
    if (rank <= 0.0) continue;
    sum += rank;
    ++counted;
  }
  return counted == 0 ? 0.0 : sum / static_cast<double>(counted);
}

double cosine(double inner, double norm_x, double norm_y) {
  const double scale = norm_x * norm_y;
  return scale > 0.0 ? std::clamp(inner / scale, -1.0, 1.0) : 0.0;
}

void measure_products(std::span<const FoldItem> items, std::span<const ProductTerm> step,
                      FoldReport& report) {
  std::vector<double> squares(items.size(), 0.0);
  std::vector<double> inner(items.size(), 0.0);
  double step_square = 0.0;
  const std::size_t modules = items.front().adapter->layout->modules().size();
  for (std::size_t i = 0; i < modules; ++i) {
    const Stack whole = stack_module(step, i);
    const double norm = frobenius_norm(whole);
    step_square += norm * norm;
    for (std::size_t k = 0; k < items.size(); ++k) {
      if (items[k].adapter->values == items[k].anchor->values) continue;
      const std::vector<ProductTerm> own{{1.0, items[k].adapter.get()},
                                         {-1.0, items[k].anchor.get()}};
      const Stack change = stack_module(own, i);
      squares[k] += std::max(inner_product(change, change), 0.0);
      inner[k] += inner_product(change, whole);
    }
  }
  report.norms.clear();
  report.cosines.clear();
  for (std::size_t k = 0; k < items.size(); ++k) {
    report.norms.push_back(std::sqrt(squares[k]));
    report.cosines.push_back(cosine(inner[k], report.norms.back(), std::sqrt(step_square)));
  }
}

std::vector<ViewLoss> view_losses(const LoraRule& rule, const model::AdapterPtr& global,
                                  std::span<const FoldItem> items) {
  std::vector<model::LayoutPtr> layouts;
  for (const FoldItem& item : items) {
    const auto& layout = item.adapter->layout;
    const auto is_known = [&](const auto& other) { return *other == *layout; };
    if (*layout != *global->layout && std::none_of(layouts.begin(), layouts.end(), is_known)) {
      layouts.push_back(layout);
    }
  }
  std::stable_sort(layouts.begin(), layouts.end(), [](const auto& a, const auto& b) {
    return largest_rank(*a) < largest_rank(*b);
  });
  std::vector<ViewLoss> losses;
  const std::size_t modules = global->layout->modules().size();
  const std::vector<ProductTerm> whole{{1.0, global.get()}};
  for (const auto& layout : layouts) {
    const model::AdapterPtr view = rule.view(global, layout);
    const double loss =
        relative_norm(std::vector<ProductTerm>{{1.0, global.get()}, {-1.0, view.get()}}, whole,
                      modules)
            .value_or(0.0);
    losses.push_back({largest_rank(*layout), loss * loss});
  }
  return losses;
}

std::optional<double> relative_norm(std::span<const ProductTerm> difference,
                                    std::span<const ProductTerm> ideal, std::size_t modules) {
  const double size = frobenius_norm(ideal, modules);
  if (!(size > 0.0)) return std::nullopt;
  return frobenius_norm(difference, modules) / size;
}

std::int64_t largest_rank(const model::AdapterLayout& layout) {
  std::int64_t rank = 0;
  for (const auto& module : layout.modules())
    rank = std::max(rank, module.rank);
  return rank;
}

}  // namespace lorafleet::strategy
