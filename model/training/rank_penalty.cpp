#include "model/training/rank_penalty.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "model/adapter/rank_tail.hpp"

namespace lorafleet::model {

void add_rank_penalty(std::span<float> gradients, const Adapter& trained,
                      const RankPenalty& penalty) {
  if (penalty.lambda == 0.0) return;
  const AdapterLayout& layout = *trained.layout;
  if (gradients.size() != layout.size()) {
    throw std::logic_error("a penalty on ranks needs both factors");
  }
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const LoraModule& module = layout.modules()[i];
    const std::int64_t kept = kept_rank(module.rank, penalty.gamma);
    const TailNorms norms = tail_norms(trained, i, kept);
    if (norms.a > 0.0) {
      const auto factor = static_cast<float>(penalty.lambda * norms.b / norms.a);
      const auto first = layout.a_offset(i) + static_cast<std::size_t>(kept * module.in);
      const auto end = layout.a_offset(i) + layout.a_size(i);
      for (std::size_t at = first; at < end; ++at)
        gradients[at] += factor * trained.values[at];
    }
    if (norms.b > 0.0) {
      const auto factor = static_cast<float>(penalty.lambda * norms.a / norms.b);
      for (std::int64_t row = 0; row < module.out; ++row) {
        for (std::int64_t column = kept; column < module.rank; ++column) {
          const auto at = layout.b_offset(i) + static_cast<std::size_t>(row * module.rank + column);
          gradients[at] += factor * trained.values[at];
        }
      }
    }
  }
}

}  // namespace lorafleet::model
