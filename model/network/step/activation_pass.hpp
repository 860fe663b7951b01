#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/layers/activation.hpp"
#include "model/network/layers/frozen_matrix.hpp"
#include "model/network/step/operand.hpp"

namespace lorafleet::model {

/// What the backward pass of an activation knows of its forward pass. Internal to model/.
struct ActivationTape {
  at::Tensor before;    ///< what went in, [rows, width] or [rows, gate and up]
  at::Tensor positive;  ///< of a ReLU instead: which entries stayed, as bits
};

/// act(x), or act(gate) * up where `gated` and x is [gate, up] side by side. x is used up. Rounded
/// too where a product with `next` takes it so. `tape` null: no backward pass follows.
Operand activation_forward(at::Tensor x, Activation activation, bool gated,
                           const FrozenMatrix& next, ActivationTape* tape);

/// The gradient of x from g, that of the result; g is used up.
at::Tensor activation_backward(at::Tensor g, Activation activation, bool gated,
                               const ActivationTape& tape);

}  // namespace lorafleet::model
