#include <map>

#include "partition/skew.hpp"

namespace lorafleet::partition {

Bins cut_by_group(const SkewInput& input) {
  std::map<std::string, std::uint32_t> bin_of_group;
  for (const auto index : input.training) {
    bin_of_group.emplace(input.examples[index].group, 0);
  }
  Bins bins;
  bins.by = input.config.by;
  bins.measure = "group";
  for (auto& [group, bin] : bin_of_group) {
    bin = static_cast<std::uint32_t>(bins.names.size());
    bins.names.push_back(group);
  }
  for (const auto index : input.training) {
    bins.bin_of.push_back(bin_of_group.at(input.examples[index].group));
  }
  return bins;
}

}  // namespace lorafleet::partition
