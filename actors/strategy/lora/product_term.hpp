#pragma once

#include "model/adapter/adapter.hpp"

namespace lorafleet::strategy {

/// factor * (s B A of all modules), a part of a sum of products.
struct ProductTerm {
  double factor = 0.0;
  const model::Adapter* adapter = nullptr;
};

}  // namespace lorafleet::strategy
