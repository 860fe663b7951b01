#include "actors/strategy/lora/factor_tensors.hpp"

namespace lorafleet::strategy {

std::vector<TensorRange> factor_tensors(const model::AdapterLayout& layout,
                                        model::Factors factors) {
  std::vector<TensorRange> tensors;
  for (std::size_t m = 0; m < layout.modules().size(); ++m) {
    if (factors != model::Factors::b) tensors.push_back({layout.a_offset(m), layout.a_size(m)});
    if (factors != model::Factors::a) tensors.push_back({layout.b_offset(m), layout.b_size(m)});
  }
  return tensors;
}

}  // namespace lorafleet::strategy
