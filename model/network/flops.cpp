#include "model/network/flops.hpp"

namespace lorafleet::model {

double train_flops_per_token(const ModelShape& shape) {
  double weights = 0.0;
  if (!shape.classifier) {
    weights += static_cast<double>(shape.embedding) * static_cast<double>(shape.vocabulary);
  }
  for (std::size_t i = 0; i < shape.modules(); ++i) {
    const LinearShape& linear = shape.linear(i);
    weights += static_cast<double>(linear.in) * static_cast<double>(linear.out);
  }
  return 4.0 * weights;
}

}  // namespace lorafleet::model
