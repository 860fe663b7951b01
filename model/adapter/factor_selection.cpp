#include "model/adapter/factor_selection.hpp"

#include <algorithm>
#include <cassert>

namespace lorafleet::model {

FactorSelection::FactorSelection(const AdapterLayout& layout, Factors factors)
    : FactorSelection(layout, factors, true) {}

FactorSelection FactorSelection::factors_alone(const AdapterLayout& layout, Factors factors) {
  return {layout, factors, false};
}

FactorSelection::FactorSelection(const AdapterLayout& layout, Factors factors, bool whole) {
  const auto add = [this](std::size_t offset, std::size_t size) {
    size_ += size;
    if (!ranges_.empty() && ranges_.back().offset + ranges_.back().size == offset) {
      ranges_.back().size += size;
    } else {
      ranges_.push_back({offset, size});
    }
  };
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    if (factors != Factors::b) add(layout.a_offset(i), layout.a_size(i));
    if (factors != Factors::a) add(layout.b_offset(i), layout.b_size(i));
  }
  const std::size_t rest = layout.size() - layout.factors_size();
  if (whole && rest > 0) add(layout.factors_size(), rest);
}

std::vector<float> FactorSelection::gather(std::span<const float> all) const {
  std::vector<float> chosen;
  chosen.reserve(size_);
  for (const Range& range : ranges_) {
    const auto part = all.subspan(range.offset, range.size);
    chosen.insert(chosen.end(), part.begin(), part.end());
  }
  return chosen;
}

void FactorSelection::scatter(std::span<const float> chosen, std::span<float> all) const {
  assert(chosen.size() == size_);
  std::size_t from = 0;
  for (const Range& range : ranges_) {
    std::ranges::copy(chosen.subspan(from, range.size), all.begin() + range.offset);
    from += range.size;
  }
}

}  // namespace lorafleet::model
