#include "model/network/layers/activate.hpp"

#include <ATen/ATen.h>

namespace lorafleet::model {

at::Tensor activate(at::Tensor x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return x.relu_();
    case Activation::squared_relu:
      return at::relu(x).square();
    case Activation::relu6:
      return at::relu6(x);
    case Activation::gelu:
      return at::gelu(x);
    case Activation::tanh_gelu:
      return at::gelu(x, "tanh");
    case Activation::quick_gelu:
      return x * at::sigmoid(x * 1.702);
    case Activation::silu:
      return at::silu(x);
    case Activation::mish:
      return at::mish(x);
    case Activation::tanh:
      return at::tanh(x);
    case Activation::sigmoid:
      break;
  }
  return at::sigmoid(x);
}

}  // namespace lorafleet::model
