#include "model/head_loss.hpp"

#include <torch/torch.h>

#include <algorithm>

namespace lorafleet::model {

at::Tensor head_logits(const at::Tensor& hidden, const at::Tensor& weight) {
  return at::linear(hidden.to(weight.scalar_type()), weight).to(at::kFloat);
}

HeadResult head_loss(const at::Tensor& hidden, const at::Tensor& weight,
                     const std::vector<std::int64_t>& labels, double factor) {
  const at::NoGradGuard no_grad;
  const std::int64_t vocabulary = weight.size(0);
  // About 4 MB of logits, so that they stay in the cache, but enough rows for a matrix product.
  const std::int64_t chunk = std::max<std::int64_t>(128, (std::int64_t{1} << 20) / vocabulary);
  const auto count = static_cast<std::int64_t>(labels.size());
  HeadResult result;
  result.rows.reserve(labels.size());
  if (factor != 0.0) {
    result.gradient = at::empty(hidden.sizes(), hidden.options());
  }
  for (std::int64_t start = 0; start < count; start += chunk) {
    const std::int64_t rows = std::min(chunk, count - start);
    at::Tensor logits = head_logits(hidden.narrow(0, start, rows), weight);
    for (std::int64_t i = 0; i < rows; ++i) {
      float* row = logits.data_ptr<float>() + i * vocabulary;
      const std::int64_t label = labels[static_cast<std::size_t>(start + i)];
      result.rows.push_back(
          factor != 0.0 ? cross_entropy_backward(row, vocabulary, label, static_cast<float>(factor))
                        : cross_entropy(row, vocabulary, label));
      result.loss_sum += result.rows.back().loss;
    }
    if (factor != 0.0) {
      at::Tensor target = result.gradient.narrow(0, start, rows);
      if (weight.scalar_type() == at::kFloat) {
        at::mm_out(target, logits, weight);
      } else {
        target.copy_(at::mm(logits.to(weight.scalar_type()), weight));
      }
    }
  }
  return result;
}

}  // namespace lorafleet::model
