#include "actors/strategy/lora/whole_tensors.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lorafleet::strategy {

void fold_whole(const model::Adapter& current, std::span<const FoldItem> items, double lr,
                model::Adapter& next) {
  const std::span<const float> now = current.whole();
  std::vector<double> delta(now.size(), 0.0);
  for (const FoldItem& item : items) {
    const model::Adapter& anchor = *item.anchor;
    const model::Adapter& trained = *item.adapter;
    for (std::size_t i = 0; i < delta.size(); ++i) {
      delta[i] += item.weight * (static_cast<double>(trained.whole()[i]) -
                                 static_cast<double>(anchor.whole()[i]));
    }
  }
  const std::span<float> into = next.whole();
  for (std::size_t i = 0; i < delta.size(); ++i)
    into[i] = static_cast<float>(now[i] + lr * delta[i]);
}

void copy_whole(const model::Adapter& from, model::Adapter& to) {
  std::ranges::copy(from.whole(), to.whole().begin());
}

}  // namespace lorafleet::strategy
