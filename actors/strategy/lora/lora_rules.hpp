#pragma once

#include <memory>

#include "actors/strategy/lora/lora_rule.hpp"

namespace lorafleet::strategy {

// w_k: FoldItem::weight; s = alpha / r or alpha / sqrt(r); dW = s B A; v: the version trained from.

/// FedIT (arXiv 2305.05644): A += sum_k w_k (A_k - A_anchor), B alike; equal ranks.
std::unique_ptr<LoraRule> make_fedit();
/// FFA-LoRA (arXiv 2403.12313): A stays at its shared initial value, only B is trained and
/// averaged.
std::unique_ptr<LoraRule> make_ffa();
/// FedSA-LoRA (arXiv 2410.01463): both are trained, A is averaged, B stays with its client.
std::unique_ptr<LoraRule> make_fedsa();
/// RoLoRA (arXiv 2409.02346): round t = v + 1, counted from 1, trains and averages B where t is odd
/// and A where it is even (B first: it starts at 0, and with B = 0 the gradient of A is 0). An
/// update moves only the factor that it trained, measured from the version that it trained from.
std::unique_ptr<LoraRule> make_rolora();
/// HetLoRA (arXiv 2401.06432): A = sum_k p_k pad(A_k), B = sum_k p_k pad(s_k / s B_k), with zero
/// rows (columns) up to the server's rank and p_k = |dW_k|_F / sum_j |dW_j|_F; s_k / s, so that a
/// client's product counts as it is. A client of rank r receives the first r rows and columns.
/// Self-pruning (gamma < 1), decided by the server from what it has: where
/// |B[:, m:]|_F |A[m:, :]|_F, m = floor(gamma r), fell in a module while the client trained, the
/// client's rank there is m from then on. (The paper's regulariser is the client's, and left out.)
std::unique_ptr<LoraRule> make_hetlora(const AggregationConfig& config);
/// HLoRA (arXiv 2503.00813), FlexLoRA (arXiv 2402.11505): the best approximation, at the server's
/// rank, of dW + lr sum_k w_k (dW_k - dW); for weights that sum to 1 and lr = 1, of
/// sum_k w_k dW_k. A client of rank r receives the best approximation of rank r.
std::unique_ptr<LoraRule> make_hlora(const AggregationConfig& config);
/// The best approximation, at the server's rank, of dW + lr sum_k w_k (dW_k - dW_{v,k}), where
/// dW_{v,k} is what client k received of version v, at its own rank: what a client never saw, and
/// what others did since, stays as it is.
std::unique_ptr<LoraRule> make_product(const AggregationConfig& config);
/// FLoRA (arXiv 2409.05976): base += dW + lr sum_k w_k (dW_k - dW_{v,k}), exactly, and new factors
/// with B = 0 (so that dW = dW_{v,k} = 0 but for an adapter that the run was given to start from).
std::unique_ptr<LoraRule> make_flora(const AggregationConfig& config);
/// FedEx-LoRA (arXiv 2410.09432): A += lr sum_k w_k (A_k - A_v), B alike, and what is missing goes
/// into the base: dW + lr sum_k w_k (dW_k - dW_v) - dW_new. For weights that sum to 1 and lr = 1
/// this is the paper's sum_k w_k s B_k A_k - s B A.
std::unique_ptr<LoraRule> make_fedex();

}  // namespace lorafleet::strategy
