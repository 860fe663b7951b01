#include "model/adapter/factor_tensors.hpp"

namespace lorafleet::model {

std::vector<TensorRange> factor_tensors(const AdapterLayout& layout, Factors factors) {
  std::vector<TensorRange> tensors;
  for (std::size_t m = 0; m < layout.modules().size(); ++m) {
    if (factors != Factors::b) tensors.push_back({layout.a_offset(m), layout.a_size(m)});
    if (factors != Factors::a) tensors.push_back({layout.b_offset(m), layout.b_size(m)});
  }
  for (std::size_t i = 0; i < layout.whole().size(); ++i)
    tensors.push_back({layout.whole_offset(i), layout.whole()[i].size()});
  return tensors;
}

}  // namespace lorafleet::model
