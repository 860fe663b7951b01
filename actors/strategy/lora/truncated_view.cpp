#include "actors/strategy/lora/truncated_view.hpp"

#include <algorithm>

#include "actors/strategy/lora/whole_tensors.hpp"

namespace lorafleet::strategy {
namespace {

/// Copies the common rows of A, the common columns of B times the ratio of the scales, and what is
/// trained whole.
void copy_common(const model::Adapter& from, model::Adapter& to) {
  for (std::size_t i = 0; i < to.layout->modules().size(); ++i) {
    const model::LoraModule& source = from.layout->modules()[i];
    const model::LoraModule& target = to.layout->modules()[i];
    const auto rank = static_cast<std::size_t>(std::min(source.rank, target.rank));
    const auto source_rank = static_cast<std::size_t>(source.rank);
    const auto target_rank = static_cast<std::size_t>(target.rank);
    const double factor = source.scale() / target.scale();
    const auto scaled = [&](float value) { return static_cast<float>(factor * value); };
    const auto a = from.a(i).first(rank * static_cast<std::size_t>(source.in));
    std::copy(a.begin(), a.end(), to.a(i).begin());
    for (std::size_t row = 0; row < static_cast<std::size_t>(source.out); ++row) {
      const auto b = from.b(i).subspan(row * source_rank, rank);
      std::transform(b.begin(), b.end(), to.b(i).subspan(row * target_rank, rank).begin(), scaled);
    }
  }
  copy_whole(from, to);
}

}  // namespace

model::AdapterPtr truncated_view(const model::AdapterPtr& global, const model::LayoutPtr& layout) {
  if (*global->layout == *layout) return global;
  auto view = std::make_shared<model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), 0.0f), global->base_change});
  copy_common(*global, *view);
  return view;
}

model::Adapter padded(const model::Adapter& adapter, const model::LayoutPtr& layout) {
  if (*adapter.layout == *layout) return adapter;
  model::Adapter whole{layout, std::vector<float>(layout->size(), 0.0f), adapter.base_change};
  copy_common(adapter, whole);
  return whole;
}

}  // namespace lorafleet::strategy
