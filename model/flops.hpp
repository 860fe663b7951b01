#pragma once

#include "model/opt_config.hpp"

namespace lorafleet::model {

/// Floating-point operations of one token's forward and backward pass with a frozen base: two for
/// each weight of a matrix product forward, two more for the gradient of its input; none for the
/// gradients of frozen weights. Attention scores and the LoRA factors themselves are left out (a
/// few percent).
double train_flops_per_token(const OptConfig& opt);

}  // namespace lorafleet::model
