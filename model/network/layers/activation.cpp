#include "model/network/layers/activation.hpp"

#include <ATen/ATen.h>

namespace lorafleet::model {

at::Tensor activate(at::Tensor x, const std::string& name) {
  if (name == "relu") return x.relu_();
  if (name == "relu2") return at::relu(x).square();
  if (name == "relu6") return at::relu6(x);
  if (name == "gelu") return at::gelu(x);
  if (name == "quick_gelu") return x * at::sigmoid(x * 1.702);
  if (name == "silu" || name == "swish") return at::silu(x);
  if (name == "mish") return at::mish(x);
  if (name == "tanh") return at::tanh(x);
  if (name == "sigmoid") return at::sigmoid(x);
  return at::gelu(x, "tanh");
}

}  // namespace lorafleet::model
