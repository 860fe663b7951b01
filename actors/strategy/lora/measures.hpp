#pragma once

#include <functional>
#include <span>
#include <vector>

#include "actors/strategy/lora/fold_report.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/lora/low_rank.hpp"

// How the figures of a FoldReport come about. Internal to actors/strategy.

namespace lorafleet::strategy {

/// exp(entropy of sigma^2 / sum sigma^2); 0 where all are 0.
double effective_rank(const Vector& sigma);

/// The same of s B A, averaged over the modules where it is not 0.
double effective_rank(const model::Adapter& adapter);

/// <x, y> / (|x| |y|), 0 where one is 0.
double cosine(double inner, double norm_x, double norm_y);

/// Norms of dW_k - dW_anchor of each item, and cosines with the step that is the sum of `step`. By
/// Gram matrices of the factors: a change below 1e-8 of dW_k drowns in rounding errors.
void measure_products(std::span<const FoldItem> items, std::span<const ProductTerm> step,
                      FoldReport& report);

/// |dW - dW_view|^2 / |dW|^2 for each layout of `items` other than the global one's.
std::vector<ViewLoss> view_losses(const LoraRule& rule, const model::AdapterPtr& global,
                                  std::span<const FoldItem> items);

/// |sum of actual|_F / |sum of ideal|_F, nothing for 0/0; 0 where only rounding errors remain.
std::optional<double> relative_norm(std::span<const ProductTerm> difference,
                                    std::span<const ProductTerm> ideal, std::size_t modules);

std::int64_t largest_rank(const model::AdapterLayout& layout);

}  // namespace lorafleet::strategy
