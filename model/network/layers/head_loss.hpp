#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "model/network/layers/frozen_linear.hpp"
#include "model/network/rows/row_kernels.hpp"

namespace lorafleet::model {

/// What a head says about N labels, in their order. On the device. Internal to model/.
struct HeadResult {
  at::Tensor losses;    ///< [N]: -log softmax(logits)[label], nats, float64, of a device's float32
  at::Tensor correct;   ///< [N]: the label has the largest logit, bool; of a training step on a
                        ///< device undefined
  at::Tensor choices;   ///< [N]: of a classifier, the likeliest class, int64
  at::Tensor gradient;  ///< shaped like what went in: of the losses' sum, each times its factor
};

/// The losses of N labels from their logits [N, V], float32; with factors the logits become the
/// gradient of the losses' sum, each times its factor.
HeadResult judge_logits(at::Tensor& logits, std::span<const std::int64_t> labels,
                        std::span<const float> factors);

/// How many rows of logits there are at a time. On the host about 4 MB of them, so that they stay
/// in the cache, but enough rows for a matrix product; elsewhere at most 256 MB.
std::int64_t head_chunk_rows(std::int64_t vocabulary, const at::Device& device);

/// hidden: [N, e], weight: [V, e], labels: N token ids; further rows of `hidden` are padding. Works
/// on a few rows at a time: the [N, V] logits never exist. Without factors no gradient is computed.
/// Takes part in no autograd graph, and does not wait for the device.
HeadResult head_loss(const at::Tensor& hidden, const FrozenLinear& head,
                     const std::vector<std::int64_t>& labels, const std::vector<float>& factors);

/// [N, V] float32.
at::Tensor head_logits(const at::Tensor& hidden, const FrozenLinear& head);

}  // namespace lorafleet::model
