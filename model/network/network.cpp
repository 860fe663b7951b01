#include "model/network/network.hpp"

#include <ATen/ATen.h>

#include "model/network/lora_leaves.hpp"

namespace lorafleet::model {

at::Tensor Network::linear(std::size_t module, const at::Tensor& x, LoraLeaves* lora) const {
  const FrozenLinear& layer = linears[module];
  if (lora == nullptr || !lora->factors(module).defined()) return model::linear(x, layer);
  return lora_linear(x, layer, lora->factors(module), lora->dropout_mask(x));
}

at::Tensor index_tensor(const std::vector<std::int64_t>& values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kLong);
}

}  // namespace lorafleet::model
