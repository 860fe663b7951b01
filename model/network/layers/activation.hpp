#pragma once

#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// The function between a feed-forward part's layers.
enum class Activation {
  relu,
  squared_relu,
  relu6,  ///< at most 6
  gelu,
  tanh_gelu,   ///< with tanh in place of erf
  quick_gelu,  ///< x sigmoid(1.702 x)
  silu,        ///< x sigmoid(x)
  mish,        ///< x tanh(softplus x)
  tanh,
  sigmoid
};

/// What Hugging Face's ACT2FN calls them.
inline const NamedValues<Activation>& activations() {
  static const NamedValues<Activation> kRegistry("activation",
                                                 {{"relu", Activation::relu},
                                                  {"relu2", Activation::squared_relu},
                                                  {"relu6", Activation::relu6},
                                                  {"gelu", Activation::gelu},
                                                  {"gelu_new", Activation::tanh_gelu},
                                                  {"gelu_fast", Activation::tanh_gelu},
                                                  {"gelu_pytorch_tanh", Activation::tanh_gelu},
                                                  {"quick_gelu", Activation::quick_gelu},
                                                  {"silu", Activation::silu},
                                                  {"swish", Activation::silu},
                                                  {"mish", Activation::mish},
                                                  {"tanh", Activation::tanh},
                                                  {"sigmoid", Activation::sigmoid}});
  return kRegistry;
}

/// Whether the sign of its result tells its slope, 0 or 1: a backward pass needs nothing else.
inline bool slope_by_sign(Activation activation) {
  return activation == Activation::relu;
}

}  // namespace lorafleet::model
