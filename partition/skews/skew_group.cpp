#include "partition/skews/bins.hpp"
#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

Bins cut_by_group(const SkewInput& input) {
  std::vector<std::string_view> groups;
  for (const auto index : input.training)
    groups.push_back(input.examples[index].group);
  return bins_of_values(groups, input.config, "group");
}

}  // namespace lorafleet::partition
