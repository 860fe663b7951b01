#include "partition/split.hpp"

#include <set>

#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::partition {

bool is_test_group(std::string_view group) {
  return fnv1a64(group) % 10 == 0;
}

Split split_by_group(const std::vector<Example>& examples) {
  Split split;
  std::set<std::string_view> groups;
  for (std::uint32_t i = 0; i < examples.size(); ++i) {
    (is_test_group(examples[i].group) ? split.test : split.train).push_back(i);
    groups.insert(examples[i].group);
  }
  if (split.train.empty() || split.test.empty()) {
    throw InputError("data",
                     "the split by group leaves no " +
                         std::string(split.train.empty() ? "training" : "test") +
                         " examples: " + std::to_string(examples.size()) + " examples in " +
                         std::to_string(groups.size()) +
                         " groups, of which about a tenth become test; use more groups "
                         "(a finer data.fields.group, or \"\" to split by row) or more data");
  }
  return split;
}

}  // namespace lorafleet::partition
