#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/kernels/varlen_kernel.hpp"

namespace lorafleet::model {

/// What attention keeps of its forward pass on a GPU. Internal to model/.
struct AttentionTape {
  VarlenResult result;

  [[nodiscard]] bool defined() const { return result.defined(); }
};

/// Heads that lie side by side in a row.
struct HeadLayout {
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  std::int64_t dim = 1;
  double scale = 1.0;  ///< of q k^T
  bool causal = true;
  std::int64_t window = 0;
};

/// Softmax(scale q k^T) v inside each sequence by `kernel`. q: [T, heads * dim], k, v: [T, kv_heads
/// * dim], rows may lie apart; sequence i has the rows offsets[i] to offsets[i + 1] - 1. Returns
/// [T, heads * dim]; rows behind the last sequence are zero. `tape` null: no backward pass follows.
/// A sequence's bits do not depend on the others.
at::Tensor device_attention(const VarlenKernel& kernel, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const std::vector<std::int64_t>& offsets,
                            const HeadLayout& layout, AttentionTape* tape);

/// The gradients of q, k and v, each [T, its width], from that of what device_attention returned;
/// zero behind the last sequence.
VarlenGradients device_attention_backward(const VarlenKernel& kernel, const at::Tensor& q,
                                          const at::Tensor& k, const at::Tensor& v,
                                          const at::Tensor& g,
                                          const std::vector<std::int64_t>& offsets,
                                          const HeadLayout& layout, const AttentionTape& tape);

/// The kernel for such queries, null: none; of heads that are padded as device_attention pads them.
const VarlenKernel* attention_kernel(const at::Tensor& q, const HeadLayout& layout);

/// Sets the rows of x from this one on to zero.
void clear_behind(const at::Tensor& x, std::int64_t row);

/// First rows of the sequences, and the end of the last, followed by as many empty sequences as
/// there must be: flash attention's deterministic backward pass adds up dq in ceil(multiprocessors
/// / (sequences * heads)) parts, so that with fewer its bits would depend on their number.
std::vector<std::int32_t> sequence_starts(const std::vector<std::int64_t>& offsets,
                                          std::int64_t heads);

}  // namespace lorafleet::model
