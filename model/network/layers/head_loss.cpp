#include "model/network/layers/head_loss.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "model/device/device.hpp"
#include "model/device/staging.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/layers/index_tensor.hpp"

namespace lorafleet::model {
namespace {

/// What is said about some rows; with factors, their logits [rows, V] become the gradient.
struct Judged {
  at::Tensor losses;
  at::Tensor correct;
};

/// By cross_entropy and cross_entropy_backward.
Judged host_rows(const at::Tensor& logits, const std::int64_t* labels, const float* factors) {
  const std::int64_t vocabulary = logits.size(1);
  const std::int64_t count = logits.size(0);
  Judged judged{at::empty({count}, at::kDouble), at::empty({count}, at::kBool)};
  for (std::int64_t i = 0; i < count; ++i) {
    float* row = logits.data_ptr<float>() + i * vocabulary;
    const RowLoss own = factors != nullptr
                            ? cross_entropy_backward(row, vocabulary, labels[i], factors[i])
                            : cross_entropy(row, vocabulary, labels[i]);
    judged.losses.data_ptr<double>()[i] = own.loss;
    judged.correct.data_ptr<bool>()[i] = own.correct;
  }
  return judged;
}

/// The same with ATen's operators, on any device; label, factors: [rows, 1] there.
Judged generic_rows(at::Tensor& logits, const at::Tensor& label, const at::Tensor& factors) {
  const at::Tensor largest = logits.amax(1, true);
  const at::Tensor own = logits.gather(1, label);
  Judged judged;
  judged.correct = logits.argmax(1, true).eq(label).squeeze(1);
  logits.sub_(largest).exp_();
  const at::Tensor sum = logits.sum(1, true);
  judged.losses =
      (sum.to(at::kDouble).log() + largest.to(at::kDouble) - own.to(at::kDouble)).squeeze(1);
  if (!factors.defined()) return judged;
  logits.mul_(factors / sum);
  const at::Tensor first = at::arange(logits.size(0), label.options()).mul_(logits.size(1));
  const at::Tensor place = first.add_(label.squeeze(1));
  at::Tensor flat = logits.view(-1);
  flat.index_copy_(0, place, flat.index_select(0, place).sub_(factors.squeeze(1)));
  return judged;
}

/// `values` as a column on the device, with zeros for padding.
at::Tensor column(const at::Tensor& values, std::int64_t rows, const at::Device& device) {
  const at::Tensor all = at::zeros({rows, 1}, values.options());
  all.narrow(0, 0, values.size(0)).copy_(values.view({-1, 1}));
  return staged(all, device);
}

HeadResult on_host(const at::Tensor& hidden, const FrozenLinear& head,
                   const std::vector<std::int64_t>& labels, const std::vector<float>& factors) {
  const std::int64_t chunk = head_chunk_rows(head.weight.size(0), hidden.device());
  const auto count = static_cast<std::int64_t>(labels.size());
  HeadResult result{at::empty({count}, at::kDouble), at::empty({count}, at::kBool), {}};
  if (!factors.empty()) result.gradient = at::empty(hidden.sizes(), hidden.options());
  for (std::int64_t start = 0; start < count; start += chunk) {
    const std::int64_t rows = std::min(chunk, count - start);
    const at::Tensor logits = head_logits(hidden.narrow(0, start, rows), head);
    const Judged judged = host_rows(logits, labels.data() + start,
                                    factors.empty() ? nullptr : factors.data() + start);
    result.losses.narrow(0, start, rows).copy_(judged.losses);
    result.correct.narrow(0, start, rows).copy_(judged.correct);
    if (factors.empty()) continue;
    result.gradient.narrow(0, start, rows).copy_(times(logits, head.weight, head.packed.get()));
  }
  return result;
}

HeadResult on_device(const at::Tensor& hidden, const FrozenLinear& head,
                     const std::vector<std::int64_t>& labels, const std::vector<float>& factors) {
  const std::int64_t chunk = head_chunk_rows(head.weight.size(0), hidden.device());
  const auto count = static_cast<std::int64_t>(labels.size());
  const std::int64_t all = hidden.size(0);
  const at::Tensor label = column(index_tensor(labels), all, hidden.device());
  at::Tensor factor;
  HeadResult result;
  if (!factors.empty()) {
    factor = column(at::from_blob(const_cast<float*>(factors.data()), {count}, at::kFloat), all,
                    hidden.device());
    result.gradient = at::zeros(hidden.sizes(), hidden.options());
  }
  std::vector<at::Tensor> losses, correct;
  for (std::int64_t start = 0; start < count; start += chunk) {
    const std::int64_t rows = std::min(chunk, all - start);
    at::Tensor logits = times_transposed(hidden.narrow(0, start, rows), head.weight).to(at::kFloat);
    const Judged judged =
        generic_rows(logits, label.narrow(0, start, rows),
                     factor.defined() ? factor.narrow(0, start, rows) : at::Tensor());
    losses.push_back(judged.losses);
    correct.push_back(judged.correct);
    if (!factor.defined()) continue;
    result.gradient.narrow(0, start, rows).copy_(times(logits, head.weight));
  }
  result.losses = at::cat(losses).narrow(0, 0, count);
  result.correct = at::cat(correct).narrow(0, 0, count);
  return result;
}

}  // namespace

HeadResult judge_logits(at::Tensor& logits, const std::vector<std::int64_t>& labels,
                        const std::vector<float>& factors) {
  const auto count = static_cast<std::int64_t>(labels.size());
  if (computes_on_host(logits.device())) {
    const Judged judged =
        host_rows(logits, labels.data(), factors.empty() ? nullptr : factors.data());
    return {judged.losses, judged.correct, {}};
  }
  const at::Tensor label = column(index_tensor(labels), count, logits.device());
  at::Tensor factor;
  if (!factors.empty()) {
    factor = column(at::from_blob(const_cast<float*>(factors.data()), {count}, at::kFloat), count,
                    logits.device());
  }
  const Judged judged = generic_rows(logits, label, factor);
  return {judged.losses, judged.correct, {}};
}

std::int64_t head_chunk_rows(std::int64_t vocabulary, const at::Device& device) {
  if (computes_on_host(device)) {
    return std::max<std::int64_t>(128, (std::int64_t{1} << 20) / vocabulary);
  }
  std::int64_t rows = product_rows(device);
  while (rows > 64 && rows * vocabulary > (std::int64_t{1} << 26))
    rows /= 2;
  return rows;
}

at::Tensor head_logits(const at::Tensor& hidden, const FrozenLinear& head) {
  return times_transposed(hidden, head.weight, {}, head.packed.get());
}

HeadResult head_loss(const at::Tensor& hidden, const FrozenLinear& head,
                     const std::vector<std::int64_t>& labels, const std::vector<float>& factors) {
  const at::NoGradGuard no_grad;
  return computes_on_host(hidden.device()) ? on_host(hidden, head, labels, factors)
                                           : on_device(hidden, head, labels, factors);
}

}  // namespace lorafleet::model
