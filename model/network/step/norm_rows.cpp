#include "model/network/step/norm_rows.hpp"

#include <cmath>

#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/row_kernels.hpp"

namespace lorafleet::model {
namespace {

/// Of a row: (x - mean) * scale is normalised.
struct RowStatistics {
  float mean = 0.0f;
  float scale = 1.0f;
};

[[gnu::always_inline]] inline RowStatistics statistics(const float* x, const RowNorm& norm) {
  const std::int64_t size = norm.width;
  const auto count = static_cast<float>(size);
  RowStatistics result;
  if (norm.centred) {
    float sums[kLanes] = {};
    std::int64_t j = 0;
    for (; j + kLanes <= size; j += kLanes) {
      for (std::int64_t l = 0; l < kLanes; ++l) {
        sums[l] += x[j + l];
      }
    }
    for (std::int64_t l = 0; j < size; ++j, ++l) {
      sums[l] += x[j];
    }
    result.mean = add_lanes(sums) / count;
  }
  float squares[kLanes] = {};
  std::int64_t j = 0;
  for (; j + kLanes <= size; j += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) {
      const float d = x[j + l] - result.mean;
      squares[l] += d * d;
    }
  }
  for (std::int64_t l = 0; j < size; ++j, ++l) {
    const float d = x[j] - result.mean;
    squares[l] += d * d;
  }
  result.scale = 1.0f / std::sqrt(add_lanes(squares) / count + norm.epsilon);
  return result;
}

/// The gradient of the normalised values.
[[gnu::always_inline]] inline float weighted(const float* g, const float* weight, std::int64_t j) {
  return weight == nullptr ? g[j] : g[j] * weight[j];
}

}  // namespace

LORAFLEET_EACH_ISA
void norm_rows(const RowNorm& norm, std::int64_t rows, const ConstRows& x, const MutableRows& y,
               std::uint16_t* rounded) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* from = x.data + i * x.stride;
    float* to = y.data + i * y.stride;
    const RowStatistics own = statistics(from, norm);
    if (norm.weight == nullptr) {
      for (std::int64_t j = 0; j < norm.width; ++j) {
        to[j] = (from[j] - own.mean) * own.scale;
      }
    } else if (norm.bias == nullptr) {
      for (std::int64_t j = 0; j < norm.width; ++j) {
        to[j] = (from[j] - own.mean) * own.scale * norm.weight[j];
      }
    } else {
      for (std::int64_t j = 0; j < norm.width; ++j) {
        to[j] = (from[j] - own.mean) * own.scale * norm.weight[j] + norm.bias[j];
      }
    }
    if (rounded != nullptr) round_to_bfloat16(to, rounded + i * y.stride, norm.width);
  }
}

LORAFLEET_EACH_ISA
void norm_rows_backward(const RowNorm& norm, std::int64_t rows, const ConstRows& x,
                        const ConstRows& g, const MutableRows& dx, bool accumulate) {
  const std::int64_t size = norm.width;
  const auto count = static_cast<float>(size);
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* from = x.data + i * x.stride;
    const float* own_g = g.data + i * g.stride;
    float* to = dx.data + i * dx.stride;
    const RowStatistics own = statistics(from, norm);
    float plain[kLanes] = {};
    float along[kLanes] = {};
    std::int64_t j = 0;
    for (; j + kLanes <= size; j += kLanes) {
      for (std::int64_t l = 0; l < kLanes; ++l) {
        const float gw = weighted(own_g, norm.weight, j + l);
        plain[l] += gw;
        along[l] += gw * ((from[j + l] - own.mean) * own.scale);
      }
    }
    for (std::int64_t l = 0; j < size; ++j, ++l) {
      const float gw = weighted(own_g, norm.weight, j);
      plain[l] += gw;
      along[l] += gw * ((from[j] - own.mean) * own.scale);
    }
    const float mean_g = norm.centred ? add_lanes(plain) / count : 0.0f;
    const float mean_along = add_lanes(along) / count;
    for (j = 0; j < size; ++j) {
      const float normal = (from[j] - own.mean) * own.scale;
      const float value =
          own.scale * (weighted(own_g, norm.weight, j) - mean_g - normal * mean_along);
      to[j] = accumulate ? to[j] + value : value;
    }
  }
}

}  // namespace lorafleet::model
