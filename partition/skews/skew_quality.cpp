#include "partition/skews/bins.hpp"
#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

Bins cut_by_quality(const SkewInput& input) {
  std::vector<double> scores;
  for (const auto index : input.training) {
    scores.push_back(quality_score(input.examples[index], input.config.quality));
  }
  return cut_values(scores, input.config, input.config.quality);
}

}  // namespace lorafleet::partition
