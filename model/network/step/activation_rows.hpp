#pragma once

#include <cstdint>
#include <optional>

#include "model/network/layers/activation.hpp"
#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {

// Activations of the feed-forward part on the CPU, each row by itself, with the rounding for the
// product that follows in the same pass. `rounded` is bfloat16 at the places of y, or null.
// ReLU takes 0.27 of the time of LibTorch 1.13's operators, a gated SiLU 0.81 (bench_row_kernels,
// one core of an EPYC with AVX-512). Internal to model/.

/// y = max(0, y); bit j % 8 of `positive`[row * bytes_of_bits(width) + j / 8] says what stayed.
void relu_rows(std::int64_t rows, std::int64_t width, const MutableRows& y, std::uint16_t* rounded,
               std::uint8_t* positive);
/// g = 0 where it did not stay.
void relu_rows_backward(std::int64_t rows, std::int64_t width, const std::uint8_t* positive,
                        const MutableRows& g);
inline std::int64_t bytes_of_bits(std::int64_t width) {
  return (width + 7) / 8;
}

/// x sigmoid(linear x + cubic x^3): SiLU, and GELU as it is approximated.
struct SigmoidGate {
  float linear = 1.0f;
  float cubic = 0.0f;
};
/// The activation as such a gate, where it is one.
std::optional<SigmoidGate> sigmoid_gate(Activation activation);

/// y = gate(x), times `up` where this is not null: [rows, width] each.
void gate_rows(const SigmoidGate& gate, std::int64_t rows, std::int64_t width, const ConstRows& x,
               const ConstRows& up, const MutableRows& y, std::uint16_t* rounded);
/// From the gradient g of y: dx, and dup where `up` is given.
void gate_rows_backward(const SigmoidGate& gate, std::int64_t rows, std::int64_t width,
                        const ConstRows& x, const ConstRows& up, const ConstRows& g,
                        const MutableRows& dx, const MutableRows& dup);

}  // namespace lorafleet::model
