#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace lorafleet::model {

/// x through the function that Hugging Face's ACT2FN has under `name`; may change x. Other names
/// than relu, relu2, relu6, gelu, quick_gelu, silu, swish, mish, tanh and sigmoid mean GELU by tanh
/// (gelu_new, gelu_fast, gelu_pytorch_tanh). Internal to model/.
at::Tensor activate(at::Tensor x, const std::string& name);

}  // namespace lorafleet::model
