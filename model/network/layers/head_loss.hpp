#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/layers/frozen_linear.hpp"
#include "model/network/layers/row_kernels.hpp"

namespace lorafleet::model {

/// What a head says about some rows. Internal to model/.
struct HeadResult {
  std::vector<RowLoss> rows;          ///< one for each label, in order
  double loss_sum = 0.0;              ///< nats
  at::Tensor gradient;                ///< [N, e]: of factor * loss_sum, where asked for
  std::vector<std::int64_t> choices;  ///< of a classifier: the likeliest class of each row
};

/// Adds what cross entropy says about each row of logits [rows, V] to `result`; with a `factor`
/// other than 0 the logits become its gradient, times factor.
void judge_logits(at::Tensor& logits, const std::int64_t* labels, float factor, HeadResult& result);

/// How many rows of logits there are at a time: about 4 MB of them, so that they stay in the cache,
/// but enough rows for a matrix product.
std::int64_t head_chunk_rows(std::int64_t vocabulary);

/// hidden: [N, e] float32, weight: [V, e], labels: N token ids. Works on a few rows at a time: the
/// [N, V] logits never exist. With `factor` 0 no gradient is computed. Takes part in no autograd
/// graph.
HeadResult head_loss(const at::Tensor& hidden, const FrozenLinear& head,
                     const std::vector<std::int64_t>& labels, double factor);

/// [N, V] float32.
at::Tensor head_logits(const at::Tensor& hidden, const FrozenLinear& head);

}  // namespace lorafleet::model
