#pragma once

#include <cstdint>

namespace lorafleet::model {

/// Inner loops that LibTorch would run over more memory, or slower. All of them add in a fixed
/// order of 16 lanes without fused multiply-adds, so the result does not depend on the instruction
/// set. A causal softmax takes 0.23 of the time of LibTorch 1.13's operators, loss and gradient of
/// a row 0.37 (bench_row_kernels, one core of an EPYC with AVX-512). Internal to model/.

/// Scores of the last `rows` queries of a sequence against its first `columns` keys, rows `stride`
/// entries apart: query i sees the keys j <= columns - rows + i, with a `window` above 0 the last
/// so many of them. p_ij = softmax_j(scale * s_ij), 0 where not seen. In place; where `stride` has
/// room for whole vectors of 16, what is behind the columns is overwritten, and backward `dp` must
/// be finite there and `p` as it was left.
void causal_softmax(float* scores, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                    float scale, std::int64_t window = 0);

/// ds_ij = scale * p_ij * (dp_ij - sum_k dp_ik p_ik), 0 where not seen. In place in `dp`.
void causal_softmax_backward(const float* p, float* dp, std::int64_t rows, std::int64_t columns,
                             std::int64_t stride, float scale, std::int64_t window = 0);

/// The same where every query sees all `columns` keys.
void full_softmax(float* scores, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                  float scale);
void full_softmax_backward(const float* p, float* dp, std::int64_t rows, std::int64_t columns,
                           std::int64_t stride, float scale);

/// To the nearest bfloat16, ties to even, as bits; NaN stays NaN.
void round_to_bfloat16(const float* from, std::uint16_t* to, std::int64_t size);

/// Back again, exactly.
void widen_bfloat16(const std::uint16_t* from, float* to, std::int64_t size);

struct RowLoss {
  double loss = 0.0;     ///< -log softmax(logits)[label], nats
  bool correct = false;  ///< the label has the largest logit (the first of equals)
};

/// Cross-entropy of one row of `size` logits, which it overwrites.
RowLoss cross_entropy(float* logits, std::int64_t size, std::int64_t label);

/// The same, but replaces the logits by factor * (softmax - one_hot(label)).
RowLoss cross_entropy_backward(float* logits, std::int64_t size, std::int64_t label, float factor);

}  // namespace lorafleet::model
