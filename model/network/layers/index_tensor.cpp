#include "model/network/layers/index_tensor.hpp"

#include <ATen/ATen.h>

namespace lorafleet::model {

at::Tensor index_tensor(const std::vector<std::int64_t>& values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kLong);
}

}  // namespace lorafleet::model
