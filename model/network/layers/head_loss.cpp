#include "model/network/layers/head_loss.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "model/device/device.hpp"
#include "model/network/layers/frozen_product.hpp"

namespace lorafleet::model {
namespace {

/// What cross_entropy and cross_entropy_backward say about each row of logits [rows, V]; with a
/// `factor` other than 0, the logits become the gradient.
void host_rows(at::Tensor& logits, const std::int64_t* labels, float factor,
               std::vector<RowLoss>& rows) {
  const std::int64_t vocabulary = logits.size(1);
  for (std::int64_t i = 0; i < logits.size(0); ++i) {
    float* row = logits.data_ptr<float>() + i * vocabulary;
    rows.push_back(factor != 0.0f ? cross_entropy_backward(row, vocabulary, labels[i], factor)
                                  : cross_entropy(row, vocabulary, labels[i]));
  }
}

/// The same with ATen's operators, on any device.
void generic_rows(at::Tensor& logits, const std::int64_t* labels, float factor,
                  std::vector<RowLoss>& rows) {
  const std::int64_t count = logits.size(0);
  const at::Tensor label =
      at::from_blob(const_cast<std::int64_t*>(labels), {count, 1}, at::kLong).to(logits.device());
  const at::Tensor largest = logits.amax(1, true);  // [count, 1]
  const at::Tensor own = logits.gather(1, label);
  const at::Tensor correct = logits.argmax(1, true).eq(label).cpu();
  logits.sub_(largest).exp_();
  const at::Tensor sum = logits.sum(1, true);
  const at::Tensor loss =
      (sum.to(at::kDouble).log() + largest.to(at::kDouble) - own.to(at::kDouble)).cpu();
  for (std::int64_t i = 0; i < count; ++i) {
    rows.push_back({loss.data_ptr<double>()[i], correct.data_ptr<bool>()[i]});
  }
  if (factor == 0.0f) return;
  logits.mul_(factor / sum);
  logits.add_(at::arange(logits.size(1), label.options()).unsqueeze(0).eq(label), -factor);
}

}  // namespace

void judge_logits(at::Tensor& logits, const std::int64_t* labels, float factor,
                  HeadResult& result) {
  const std::size_t first = result.rows.size();
  const auto judge = computes_on_host(logits.device()) ? host_rows : generic_rows;
  judge(logits, labels, factor, result.rows);
  for (std::size_t i = first; i < result.rows.size(); ++i)
    result.loss_sum += result.rows[i].loss;
}

std::int64_t head_chunk_rows(std::int64_t vocabulary) {
  return std::max<std::int64_t>(128, (std::int64_t{1} << 20) / vocabulary);
}

at::Tensor head_logits(const at::Tensor& hidden, const FrozenLinear& head) {
  return times_transposed(hidden, head.weight, {}, head.packed.get());
}

HeadResult head_loss(const at::Tensor& hidden, const FrozenLinear& head,
                     const std::vector<std::int64_t>& labels, double factor) {
  const at::NoGradGuard no_grad;
  const std::int64_t vocabulary = head.weight.size(0);
  const std::int64_t chunk = head_chunk_rows(vocabulary);
  const auto count = static_cast<std::int64_t>(labels.size());
  HeadResult result;
  result.rows.reserve(labels.size());
  if (factor != 0.0) {
    result.gradient = at::empty(hidden.sizes(), hidden.options());
  }
  for (std::int64_t start = 0; start < count; start += chunk) {
    const std::int64_t rows = std::min(chunk, count - start);
    at::Tensor logits = head_logits(hidden.narrow(0, start, rows), head);
    judge_logits(logits, labels.data() + start, static_cast<float>(factor), result);
    if (factor != 0.0) {
      result.gradient.narrow(0, start, rows).copy_(times(logits, head.weight, head.packed.get()));
    }
  }
  return result;
}

}  // namespace lorafleet::model
