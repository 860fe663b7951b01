#include "model/network/step/activation_rows.hpp"

#include <algorithm>
#include <cstring>

#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/row_kernels.hpp"
#include "model/network/rows/vector_exp.hpp"

namespace lorafleet::model {
namespace {

/// 1 / (1 + e^-x), from e^-|x|.
[[gnu::always_inline]] inline float sigmoid(float x) {
  const float e = exp_of_negative(x < 0.0f ? x : -x);
  const float inverse = 1.0f / (1.0f + e);
  return x < 0.0f ? e * inverse : inverse;
}

/// Eight bytes of 0 or 1 as bits, the first the lowest: the product moves byte k to bit 56 + k.
[[gnu::always_inline]] inline std::uint8_t packed(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return static_cast<std::uint8_t>(word * 0x0102040810204080u >> 56);
}

struct Gated {
  float value;
  float slope;
};

[[gnu::always_inline]] inline Gated gated(const SigmoidGate& gate, float x) {
  const float square = x * x;
  const float s = sigmoid(x * (gate.linear + gate.cubic * square));
  const float inner = gate.linear + 3.0f * gate.cubic * square;
  return {x * s, s + x * s * (1.0f - s) * inner};
}

}  // namespace

std::optional<SigmoidGate> sigmoid_gate(Activation activation) {
  if (activation == Activation::silu) return SigmoidGate{1.0f, 0.0f};
  if (activation == Activation::quick_gelu) return SigmoidGate{1.702f, 0.0f};
  // tanh(u) with u = sqrt(2 / pi) (x + 0.044715 x^3): (1 + tanh u) / 2 = sigmoid(2 u).
  if (activation == Activation::tanh_gelu) {
    return SigmoidGate{1.5957691216057308f, 0.07135481282636514f};
  }
  return std::nullopt;
}

LORAFLEET_EACH_ISA
void relu_rows(std::int64_t rows, std::int64_t width, const MutableRows& y, std::uint16_t* rounded,
               std::uint8_t* positive) {
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = y.data + i * y.stride;
    std::uint8_t* bits = positive + i * bytes_of_bits(width);
    std::int64_t j = 0;
    for (; j + 64 <= width; j += 64) {
      std::uint8_t stays[64];
      for (std::int64_t l = 0; l < 64; ++l) {
        stays[l] = row[j + l] > 0.0f ? 1 : 0;
      }
      for (std::int64_t l = 0; l < 64; l += 8) {
        bits[(j + l) / 8] = packed(stays + l);
      }
    }
    for (; j < width; j += 8) {
      std::uint8_t stays[8] = {};
      for (std::int64_t l = 0; l < std::min<std::int64_t>(8, width - j); ++l) {
        stays[l] = row[j + l] > 0.0f ? 1 : 0;
      }
      bits[j / 8] = packed(stays);
    }
    for (j = 0; j < width; ++j) {
      row[j] = row[j] > 0.0f ? row[j] : 0.0f;
    }
    if (rounded != nullptr) round_to_bfloat16(row, rounded + i * y.stride, width);
  }
}

LORAFLEET_EACH_ISA
void relu_rows_backward(std::int64_t rows, std::int64_t width, const std::uint8_t* positive,
                        const MutableRows& g) {
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = g.data + i * g.stride;
    const std::uint8_t* bits = positive + i * bytes_of_bits(width);
    std::int64_t j = 0;
    for (; j + 8 <= width; j += 8) {
      const std::uint32_t own = bits[j / 8];
      std::uint32_t words[8];  // a choice of floats becomes branches that nobody can predict
      std::memcpy(words, row + j, sizeof words);
      for (std::uint32_t l = 0; l < 8; ++l) {
        words[l] &= 0u - (own >> l & 1u);
      }
      std::memcpy(row + j, words, sizeof words);
    }
    for (; j < width; ++j) {
      row[j] = (bits[j / 8] >> (j % 8) & 1) != 0 ? row[j] : 0.0f;
    }
  }
}

LORAFLEET_EACH_ISA
void gate_rows(const SigmoidGate& gate, std::int64_t rows, std::int64_t width, const ConstRows& x,
               const ConstRows& up, const MutableRows& y, std::uint16_t* rounded) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* from = x.data + i * x.stride;
    float* to = y.data + i * y.stride;
    for (std::int64_t j = 0; j < width; ++j) {
      to[j] = gated(gate, from[j]).value;
    }
    if (up.data != nullptr) {
      const float* factor = up.data + i * up.stride;
      for (std::int64_t j = 0; j < width; ++j) {
        to[j] *= factor[j];
      }
    }
    if (rounded != nullptr) round_to_bfloat16(to, rounded + i * y.stride, width);
  }
}

LORAFLEET_EACH_ISA
void gate_rows_backward(const SigmoidGate& gate, std::int64_t rows, std::int64_t width,
                        const ConstRows& x, const ConstRows& up, const ConstRows& g,
                        const MutableRows& dx, const MutableRows& dup) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* from = x.data + i * x.stride;
    const float* own = g.data + i * g.stride;
    float* to = dx.data + i * dx.stride;
    if (up.data == nullptr) {
      for (std::int64_t j = 0; j < width; ++j) {
        to[j] = own[j] * gated(gate, from[j]).slope;
      }
      continue;
    }
    const float* factor = up.data + i * up.stride;
    float* to_up = dup.data + i * dup.stride;
    for (std::int64_t j = 0; j < width; ++j) {
      const Gated at = gated(gate, from[j]);
      const float gradient = own[j];
      to_up[j] = gradient * at.value;
      to[j] = gradient * factor[j] * at.slope;
    }
  }
}

}  // namespace lorafleet::model
