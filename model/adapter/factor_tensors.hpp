#pragma once

#include <cstddef>
#include <vector>

#include "model/adapter/adapter.hpp"

namespace lorafleet::model {

/// Where a tensor lies in the values of an adapter.
struct TensorRange {
  std::size_t offset;
  std::size_t size;
};

/// Of the factors asked for and what is trained whole, in the order of the layout.
std::vector<TensorRange> factor_tensors(const AdapterLayout& layout, Factors factors);

}  // namespace lorafleet::model
