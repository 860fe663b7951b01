#include "model/network/layers/head_loss.hpp"

#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

#include "model/device/device.hpp"
#include "model/device/staging.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/layers/index_tensor.hpp"

namespace lorafleet::model {
namespace {

/// judge_logits by cross_entropy and cross_entropy_backward.
HeadResult host_rows(const at::Tensor& logits, const std::int64_t* labels, const float* factors) {
  const std::int64_t vocabulary = logits.size(1);
  const std::int64_t count = logits.size(0);
  HeadResult judged;
  judged.losses = at::empty({count}, at::kDouble);
  judged.correct = at::empty({count}, at::kBool);
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

/// How many logits there are to a row for softmax on a device, which adds by the places of rows in
/// memory otherwise.
std::int64_t padded_vocabulary(std::int64_t vocabulary) {
  constexpr std::int64_t kUnit = 8;
  return (vocabulary + kUnit - 1) / kUnit * kUnit;
}

/// The same with ATen's operators, on any device, in float32; label, factors: [rows, 1] there.
HeadResult generic_rows(at::Tensor& logits, const at::Tensor& label, const at::Tensor& factors) {
  const std::int64_t vocabulary = logits.size(1);
  const std::int64_t missing = padded_vocabulary(vocabulary) - vocabulary;
  at::Tensor own = logits.to(at::kFloat);
  if (missing > 0) {
    own = at::constant_pad_nd(own, {0, missing}, -std::numeric_limits<double>::infinity());
  }
  HeadResult judged;
  if (!factors.defined()) judged.correct = own.argmax(1, true).eq(label).squeeze(1);
  const at::Tensor logs = at::_log_softmax(own, 1, false);
  judged.losses = logs.gather(1, label).squeeze(1).to(at::kDouble).neg_();
  if (!factors.defined()) return judged;
  own.reset();
  const at::Tensor none = at::zeros({}, logs.options());
  const at::Tensor slope = at::nll_loss_backward(factors.squeeze(1), logs, label.squeeze(1), {},
                                                 at::Reduction::None, /*ignore_index=*/-100, none);
  logits = at::_log_softmax_backward_data(slope, logs, 1, at::kFloat);
  if (missing > 0) logits = logits.narrow(1, 0, vocabulary).contiguous();
  return judged;
}

/// A view.
template <typename Value>
at::Tensor tensor_over(std::span<const Value> values, at::ScalarType type) {
  return at::from_blob(const_cast<Value*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, type);
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
  HeadResult result;
  result.losses = at::empty({count}, at::kDouble);
  result.correct = at::empty({count}, at::kBool);
  if (!factors.empty()) result.gradient = at::empty(hidden.sizes(), hidden.options());
  for (std::int64_t start = 0; start < count; start += chunk) {
    const std::int64_t rows = std::min(chunk, count - start);
    const at::Tensor logits = head_logits(hidden.narrow(0, start, rows), head);
    const HeadResult judged = host_rows(logits, labels.data() + start,
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
    factor = column(tensor_over(std::span(factors), at::kFloat), all, hidden.device());
    result.gradient = at::zeros(hidden.sizes(), hidden.options());
  }
  std::vector<at::Tensor> losses, correct;
  for (std::int64_t start = 0; start < count; start += chunk) {
    const std::int64_t rows = std::min(chunk, all - start);
    at::Tensor logits = times_transposed(hidden.narrow(0, start, rows), head.weight);
    const HeadResult judged =
        generic_rows(logits, label.narrow(0, start, rows),
                     factor.defined() ? factor.narrow(0, start, rows) : at::Tensor());
    losses.push_back(judged.losses);
    if (!factor.defined()) {
      correct.push_back(judged.correct);
      continue;
    }
    result.gradient.narrow(0, start, rows).copy_(times(logits, head.weight));
  }
  result.losses = at::cat(losses).narrow(0, 0, count);
  if (!correct.empty()) result.correct = at::cat(correct).narrow(0, 0, count);
  return result;
}

}  // namespace

HeadResult judge_logits(at::Tensor& logits, std::span<const std::int64_t> labels,
                        std::span<const float> factors) {
  if (computes_on_host(logits.device())) {
    return host_rows(logits, labels.data(), factors.empty() ? nullptr : factors.data());
  }
  const auto count = static_cast<std::int64_t>(labels.size());
  return generic_rows(logits, column(tensor_over(labels, at::kLong), count, logits.device()),
                      factors.empty()
                          ? at::Tensor()
                          : column(tensor_over(factors, at::kFloat), count, logits.device()));
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
