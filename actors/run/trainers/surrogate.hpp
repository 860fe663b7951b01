#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// The stand-in for real training with [train] kind = "surrogate": each client k has the quadratic
/// loss
///
///     f_k(w) = |w - o_k|^2 / (2 d),      o_k = sum_c m_kc z_c,   m_k ~ Dir(alpha) of `classes`,
///
/// over the d values of the adapter, with class optima z_c ~ N(0, spread^2) and a data mix m_k of
/// its own: the smaller alpha, the further apart the clients. A job takes S gradient steps of size
/// eta = train.lr on d f_k, with FedProx's pull mu towards the received w_0, which have the closed
/// form
///
///     w_S = t + (1 - eta (1 + mu))^S (w_0 - t) + noise * xi,   t = (o_k + mu w_0) / (1 + mu),
///
/// xi ~ N(0, 1) drawn for each job. S is train.steps, or train.epochs times the batches of
/// train.batch_tokens tokens. A pure function of the job; needs neither data nor a base.
class Surrogate {
 public:
  /// `layout` is that of the adapter. Throws InputError for bad options.
  Surrogate(const FederationConfig& config, model::LayoutPtr layout);

  [[nodiscard]] std::int64_t examples(std::uint32_t client) const { return examples_[client]; }
  [[nodiscard]] model::JobSize size(std::uint32_t client) const;
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const;
  /// sum_k p_k f_k(w) with p_k by examples; a null adapter scores w = 0.
  [[nodiscard]] double loss(const model::Adapter* adapter) const;

 private:
  [[nodiscard]] std::int64_t steps(std::uint32_t client) const;

  SurrogateConfig config_;
  model::TrainConfig train_;
  std::size_t dimension_;
  std::vector<float> centres_;  ///< [classes, d]
  std::vector<float> mixes_;    ///< [clients, classes]
  std::vector<std::int32_t> examples_;
  std::vector<double> mean_;  ///< [d]: sum_k p_k o_k
  double mean_square_ = 0.0;  ///< sum_k p_k |o_k|^2
};

/// The one module that a surrogate's adapter has: [r, width] and [width, r].
model::LayoutPtr surrogate_layout(const FederationConfig& config);

std::unique_ptr<model::Trainer> make_surrogate_trainer(std::shared_ptr<const Surrogate> surrogate);
/// "Tokens" of the score are the clients; perplexity is exp(loss).
std::unique_ptr<model::Scorer> make_surrogate_scorer(std::shared_ptr<const Surrogate> surrogate);

}  // namespace lorafleet::actors
