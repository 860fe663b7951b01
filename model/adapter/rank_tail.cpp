#include "model/adapter/rank_tail.hpp"

#include <cmath>

namespace lorafleet::model {

std::int64_t kept_rank(std::int64_t rank, double share) {
  const auto kept = static_cast<std::int64_t>(share * static_cast<double>(rank));
  return kept < 1 ? rank : kept;
}

TailNorms tail_norms(const Adapter& adapter, std::size_t module, std::int64_t first) {
  const LoraModule& shape = adapter.layout->modules()[module];
  const auto a = adapter.a(module).subspan(static_cast<std::size_t>(first * shape.in));
  const auto b = adapter.b(module);
  double square = 0.0;
  for (std::int64_t row = 0; row < shape.out; ++row) {
    for (std::int64_t i = first; i < shape.rank; ++i) {
      const double value = b[static_cast<std::size_t>(row * shape.rank + i)];
      square += value * value;
    }
  }
  return {l2_norm(a), std::sqrt(square)};
}

}  // namespace lorafleet::model
