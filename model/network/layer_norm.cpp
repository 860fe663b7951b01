#include "model/network/layer_norm.hpp"

#include <ATen/ATen.h>

namespace lorafleet::model {

at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& norm) {
  return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, 1e-5);
}

}  // namespace lorafleet::model
