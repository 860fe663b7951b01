#include "partition/skews/bins.hpp"
#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

Bins cut_by_context_length(const SkewInput& input) {
  std::vector<double> lengths;
  for (const auto index : input.training) {
    lengths.push_back(context_length(input.examples[index], input.config.unit, input.tokens));
  }
  return cut_values(lengths, input.config, input.config.unit);
}

}  // namespace lorafleet::partition
