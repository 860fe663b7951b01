#include "model/network/step/activation_pass.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "model/device/device.hpp"
#include "model/network/layers/activate.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/tensor_rows.hpp"
#include "model/network/step/activation_rows.hpp"

namespace lorafleet::model {
namespace {

/// g * act'(x).
at::Tensor generic_slope(const at::Tensor& g, const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return at::threshold_backward(g, x, 0);
    case Activation::squared_relu:
      return g * at::relu(x).mul_(2.0);
    case Activation::relu6:
      return at::hardtanh_backward(g, x, 0, 6);
    case Activation::gelu:
      return at::gelu_backward(g, x);
    case Activation::tanh_gelu:
      return at::gelu_backward(g, x, "tanh");
    case Activation::quick_gelu: {
      const at::Tensor s = at::sigmoid(x * 1.702);
      return g * (s + x * s * (1 - s) * 1.702);
    }
    case Activation::silu:
      return at::silu_backward(g, x);
    case Activation::mish: {
      // x tanh(softplus x)
      const at::Tensor t = at::tanh(at::softplus(x));
      return g * (t + x * (1 - t * t) * at::sigmoid(x));
    }
    case Activation::tanh:
      return at::tanh_backward(g, at::tanh(x));
    case Activation::sigmoid:
      break;
  }
  return at::sigmoid_backward(g, at::sigmoid(x));
}

/// Leaves x as it is.
at::Tensor generic_activation(const at::Tensor& x, Activation activation) {
  return activation == Activation::relu ? at::relu(x) : activate(x, activation);
}

std::uint16_t* halves(const at::Tensor& rounded, std::int64_t first) {
  if (!rounded.defined()) return nullptr;
  return static_cast<std::uint16_t*>(rounded.data_ptr()) + first * rounded.size(1);
}

std::uint8_t* bits_at(const at::Tensor& positive, std::int64_t first) {
  return positive.data_ptr<std::uint8_t>() + first * positive.size(1);
}

/// On the CPU, in place.
Operand relu_forward(at::Tensor x, at::Tensor rounded, ActivationTape* tape) {
  const std::int64_t width = x.size(1);
  const at::Tensor positive = at::empty({x.size(0), bytes_of_bits(width)}, at::kByte);
  over_rows(x.size(0), width, [&](std::int64_t first, std::int64_t count) {
    relu_rows(count, width, rows_into(x, first), halves(rounded, first), bits_at(positive, first));
  });
  if (tape != nullptr) tape->positive = positive;
  return {std::move(x), std::move(rounded)};
}

Operand gate_forward(const SigmoidGate& gate, const at::Tensor& x, bool gated, at::Tensor rounded) {
  const std::int64_t width = gated ? x.size(1) / 2 : x.size(1);
  at::Tensor y = at::empty({x.size(0), width}, x.options());
  over_rows(x.size(0), width, [&](std::int64_t first, std::int64_t count) {
    const ConstRows from = rows_of(x, first);
    const ConstRows up = gated ? ConstRows{from.data + width, from.stride} : ConstRows{};
    gate_rows(gate, count, width, from, up, rows_into(y, first), halves(rounded, first));
  });
  return {std::move(y), std::move(rounded)};
}

at::Tensor gate_backward(const SigmoidGate& gate, const at::Tensor& x, bool gated,
                         const at::Tensor& g) {
  const std::int64_t width = g.size(1);
  at::Tensor dx = at::empty(x.sizes(), x.options());
  over_rows(x.size(0), width, [&](std::int64_t first, std::int64_t count) {
    const ConstRows from = rows_of(x, first);
    const MutableRows to = rows_into(dx, first);
    const ConstRows up = gated ? ConstRows{from.data + width, from.stride} : ConstRows{};
    const MutableRows to_up = gated ? MutableRows{to.data + width, to.stride} : MutableRows{};
    gate_rows_backward(gate, count, width, from, up, rows_of(g, first), to, to_up);
  });
  return dx;
}

}  // namespace

Operand activation_forward(at::Tensor x, Activation activation, bool gated,
                           const FrozenMatrix& next, ActivationTape* tape) {
  const std::int64_t width = gated ? x.size(1) / 2 : x.size(1);
  const bool on_host = computes_on_host(x.device());
  at::Tensor rounded;
  if (on_host && rounds_rows(next)) rounded = at::empty({x.size(0), width}, at::kBFloat16);
  const bool by_sign = slope_by_sign(activation) && !gated;
  if (on_host && by_sign) {
    return relu_forward(std::move(x), std::move(rounded), tape);
  }
  if (by_sign) {
    x.relu_();
    if (tape != nullptr) tape->before = x;
    return {std::move(x), {}};
  }
  if (tape != nullptr) tape->before = x;
  if (const auto gate = sigmoid_gate(activation); on_host && gate) {
    return gate_forward(*gate, x, gated, std::move(rounded));
  }
  const at::Tensor first = gated ? x.narrow(1, 0, width) : x;
  at::Tensor y = generic_activation(first, activation);
  if (gated) y = y * x.narrow(1, width, width);
  return {std::move(y), {}};
}

at::Tensor activation_backward(at::Tensor g, Activation activation, bool gated,
                               const ActivationTape& tape) {
  const std::int64_t width = g.size(1);
  if (tape.positive.defined()) {
    over_rows(g.size(0), width, [&](std::int64_t first, std::int64_t count) {
      relu_rows_backward(count, width, bits_at(tape.positive, first), rows_into(g, first));
    });
    return g;
  }
  const at::Tensor& x = tape.before;
  if (const auto gate = sigmoid_gate(activation); computes_on_host(g.device()) && gate) {
    return gate_backward(*gate, x, gated, g);
  }
  if (!gated) return generic_slope(g, x, activation);
  const at::Tensor first = x.narrow(1, 0, width).contiguous();
  return at::cat({generic_slope(g * x.narrow(1, width, width), first, activation),
                  g * generic_activation(first, activation)},
                 1);
}

}  // namespace lorafleet::model
