#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/layers/activation.hpp"

namespace lorafleet::model {

/// The activation of x; may change x. Internal to model/.
at::Tensor activate(at::Tensor x, Activation activation);

}  // namespace lorafleet::model
