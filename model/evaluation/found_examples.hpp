#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "model/evaluation/metrics.hpp"

namespace lorafleet::model {

/// How many examples are of a kind, and the first of them: for warnings.
struct FoundExamples {
  std::size_t count = 0;
  const partition::Example* first = nullptr;

  FoundExamples(const ScoredExamples& examples,
                const std::function<bool(const partition::Example&)>& is);

  /// "2 of 4 examples".
  [[nodiscard]] std::string of(const ScoredExamples& examples) const;
  /// The first one's name and the beginning of its target.
  [[nodiscard]] std::string example() const;
};

}  // namespace lorafleet::model
