#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/reference_file.hpp"

namespace lorafleet::tests {

/// Of hidden states from what the file says about its batch without padding; infinite where their
/// number is another.
inline double hidden_deviation(const ReferenceFile& file,
                               const std::vector<std::vector<float>>& states) {
  const std::string prefix = "base.nopad.hidden.";
  if (states.empty() || states.size() != file.keys(prefix).size()) return INFINITY;
  double worst = 0.0;
  for (std::size_t i = 0; i < states.size(); ++i)
    worst = std::max(worst, largest_difference(states[i], file.floats(prefix + std::to_string(i))));
  return worst;
}

/// Of merged weights from those that the file has; infinite where one is missing.
inline double merged_deviation(const ReferenceFile& file, const model::Checkpoint& merged) {
  const std::string prefix = "merged_after5.weight.";
  const std::vector<std::string> keys = file.keys(prefix);
  double worst = keys.empty() ? INFINITY : 0.0;
  for (const std::string& key : keys) {
    const auto* tensor = merged.find(key.substr(prefix.size()));
    if (tensor == nullptr) return INFINITY;
    worst = std::max(worst, largest_difference(tensor->view.to_float32(), file.floats(key)));
  }
  return worst;
}

}  // namespace lorafleet::tests
