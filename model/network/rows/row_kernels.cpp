#include "model/network/rows/row_kernels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/vector_exp.hpp"

namespace lorafleet::model {
namespace {

/// Whether rows of `columns` entries, `stride` apart, have room for whole vectors.
bool has_whole_vectors(std::int64_t columns, std::int64_t stride) {
  return whole_vectors(columns) <= stride;
}

// Where `Whole`, what is behind the last entries up to a whole vector may be read and overwritten:
// entry by entry the last ones take as long as several vectors.

constexpr Lanes kLane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

template <bool Whole>
[[gnu::always_inline]] inline float maximum(const float* x, std::int64_t size) {
  Lanes most = Lanes{} + x[0];
  Lanes own;
  std::int64_t j = 0;
  for (; j + kLanes <= size; j += kLanes) {
    load(own, x + j);
    most = own > most ? own : most;
  }
  if (Whole && j < size) {
    load(own, x + j);
    own = kLane < static_cast<float>(size - j) ? own : most;
    most = own > most ? own : most;
    j = size;
  }
  float best[kLanes];
  store(best, most);
  for (; j < size; ++j)
    best[0] = x[j] > best[0] ? x[j] : best[0];
  for (std::int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::int64_t l = 0; l < half; ++l)
      best[l] = best[l + half] > best[l] ? best[l + half] : best[l];
  }
  return best[0];
}

/// to_j = e^(scale * from_j - shift), returns their sum.
template <bool Whole>
[[gnu::always_inline]] inline float exp_and_sum(const float* from, float* to, std::int64_t size,
                                                float scale, float shift) {
  float sums[kLanes] = {};
  std::int64_t j = 0;
  for (; j + kLanes <= size; j += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) {
      const float e = exp_of_negative(from[j + l] * scale - shift);
      to[j + l] = e;
      sums[l] += e;
    }
  }
  if constexpr (Whole) {
    if (j < size) {
      const std::int64_t left = size - j;
      for (std::int64_t l = 0; l < kLanes; ++l) {
        const float e = exp_of_negative(from[j + l] * scale - shift);
        to[j + l] = l < left ? e : 0.0f;
        sums[l] += to[j + l];
      }
    }
  } else {
    for (std::int64_t l = 0; j < size; ++j, ++l) {
      const float e = exp_of_negative(from[j] * scale - shift);
      to[j] = e;
      sums[l] += e;
    }
  }
  return add_lanes(sums);
}

/// b is zero behind its last entries.
template <bool Whole>
[[gnu::always_inline]] inline float dot(const float* a, const float* b, std::int64_t size) {
  float sums[kLanes] = {};
  std::int64_t j = 0;
  for (; Whole ? j < size : j + kLanes <= size; j += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) {
      sums[l] += a[j + l] * b[j + l];
    }
  }
  for (std::int64_t l = 0; j < size; ++j, ++l) {
    sums[l] += a[j] * b[j];
  }
  return add_lanes(sums);
}

/// The first key that a query sees which sees none from `end` on.
[[gnu::always_inline]] inline std::int64_t first_seen(std::int64_t end, std::int64_t window) {
  return window > 0 && end > window ? end - window : 0;
}

/// Of what a query sees, in place.
template <bool Whole>
[[gnu::always_inline]] inline void softmax_row(float* row, std::int64_t seen, float scale) {
  const float shift = maximum<Whole>(row, seen) * scale;
  const float inverse = 1.0f / exp_and_sum<Whole>(row, row, seen, scale, shift);
  for (std::int64_t j = 0; j < (Whole ? whole_vectors(seen) : seen); ++j) {
    row[j] *= inverse;
  }
}

/// From its weights and their gradient, in place.
template <bool Whole>
[[gnu::always_inline]] inline void softmax_row_backward(const float* weights, float* row,
                                                        std::int64_t seen, float scale) {
  const float mean = dot<Whole>(row, weights, seen);
  for (std::int64_t j = 0; j < (Whole ? whole_vectors(seen) : seen); ++j) {
    row[j] = scale * weights[j] * (row[j] - mean);
  }
}

/// Calls f(at, seen) for each query: where in x what it sees begins, and how many entries that are.
/// The others of its row become 0.
template <bool Whole, typename Function>
[[gnu::always_inline]] inline void causal_rows(float* x, std::int64_t rows, std::int64_t columns,
                                               std::int64_t stride, std::int64_t window,
                                               const Function& f) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t end = columns - rows + i + 1;
    const std::int64_t first = Whole ? 0 : first_seen(end, window);
    float* row = x + i * stride;
    std::fill(row, row + first, 0.0f);
    f(i * stride + first, end - first);
    std::fill(row + end, row + columns, 0.0f);
  }
}

template <bool Whole>
[[gnu::always_inline]] inline void softmax_rows(float* scores, std::int64_t rows,
                                                std::int64_t columns, std::int64_t stride,
                                                float scale, std::int64_t window) {
  causal_rows<Whole>(
      scores, rows, columns, stride,
      window, [&](std::int64_t at, std::int64_t seen) __attribute__((always_inline)) {
        softmax_row<Whole>(scores + at, seen, scale);
      });
}

template <bool Whole>
[[gnu::always_inline]] inline void softmax_rows_backward(const float* p, float* dp,
                                                         std::int64_t rows, std::int64_t columns,
                                                         std::int64_t stride, float scale,
                                                         std::int64_t window) {
  causal_rows<Whole>(
      dp, rows, columns, stride,
      window, [&](std::int64_t at, std::int64_t seen) __attribute__((always_inline)) {
        softmax_row_backward<Whole>(p + at, dp + at, seen, scale);
      });
}

/// Where a window begins, a row may not end with a whole vector.
bool is_whole(std::int64_t columns, std::int64_t stride, std::int64_t window) {
  return has_whole_vectors(columns, stride) && (window == 0 || window >= columns);
}

}  // namespace

LORAFLEET_EACH_ISA
void full_softmax(float* scores, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                  float scale) {
  const bool whole = has_whole_vectors(columns, stride);
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = scores + i * stride;
    whole ? softmax_row<true>(row, columns, scale) : softmax_row<false>(row, columns, scale);
  }
}

LORAFLEET_EACH_ISA
void full_softmax_backward(const float* p, float* dp, std::int64_t rows, std::int64_t columns,
                           std::int64_t stride, float scale) {
  for (std::int64_t i = 0; i < rows; ++i) {
    softmax_row_backward<false>(p + i * stride, dp + i * stride, columns, scale);
  }
}

LORAFLEET_EACH_ISA
void causal_softmax(float* scores, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                    float scale, std::int64_t window) {
  is_whole(columns, stride, window)
      ? softmax_rows<true>(scores, rows, columns, stride, scale, window)
      : softmax_rows<false>(scores, rows, columns, stride, scale, window);
}

LORAFLEET_EACH_ISA
void causal_softmax_backward(const float* p, float* dp, std::int64_t rows, std::int64_t columns,
                             std::int64_t stride, float scale, std::int64_t window) {
  is_whole(columns, stride, window)
      ? softmax_rows_backward<true>(p, dp, rows, columns, stride, scale, window)
      : softmax_rows_backward<false>(p, dp, rows, columns, stride, scale, window);
}

LORAFLEET_EACH_ISA
void round_to_bfloat16(const float* from, std::uint16_t* to, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(from[i]);
    const std::uint32_t nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    to[i] = static_cast<std::uint16_t>(is_nan ? 0x7fc0u : nearest);
  }
}

LORAFLEET_EACH_ISA
void widen_bfloat16(const std::uint16_t* from, float* to, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(from[i]) << 16);
  }
}

namespace {

/// Leaves e^(logit - largest) in `to`.
[[gnu::always_inline]] inline RowLoss row_loss(const float* logits, float* to, std::int64_t size,
                                               std::int64_t label, float& sum) {
  const float largest = maximum<false>(logits, size);
  const float own = logits[label];
  RowLoss result;
  result.correct = own == largest && std::find(logits, logits + label, largest) == logits + label;
  sum = exp_and_sum<false>(logits, to, size, 1.0f, largest);
  result.loss = std::log(static_cast<double>(sum)) + largest - own;
  return result;
}

}  // namespace

LORAFLEET_EACH_ISA
RowLoss cross_entropy(float* logits, std::int64_t size, std::int64_t label) {
  float sum = 0.0f;
  return row_loss(logits, logits, size, label, sum);
}

LORAFLEET_EACH_ISA
RowLoss cross_entropy_backward(float* logits, std::int64_t size, std::int64_t label, float factor) {
  float sum = 0.0f;
  const RowLoss result = row_loss(logits, logits, size, label, sum);
  const float inverse = factor / sum;
  for (std::int64_t j = 0; j < size; ++j) {
    logits[j] *= inverse;
  }
  logits[label] -= factor;
  return result;
}

}  // namespace lorafleet::model
