#include "partition/split.hpp"

#include <set>
#include <unordered_set>

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

std::size_t append_test(std::vector<Example>& examples, std::vector<Example> test, Split& split) {
  std::unordered_set<std::string> ids;
  std::unordered_set<std::string> groups;
  for (std::uint32_t i = 0; i < examples.size(); ++i) {
    split.train.push_back(i);
    ids.insert(examples[i].id);
    if (examples[i].group != examples[i].id) groups.insert(examples[i].group);
  }
  std::size_t shared = 0;
  for (Example& example : test) {
    shared += groups.contains(example.group) ? 1 : 0;
    const bool own_group = example.group == example.id;
    while (ids.contains(example.id))
      example.id = "test/" + example.id;
    if (own_group) example.group = example.id;
    ids.insert(example.id);
    split.test.push_back(static_cast<std::uint32_t>(examples.size()));
    examples.push_back(std::move(example));
  }
  return shared;
}

Split split_locally(const std::vector<Example>& examples, const Indices& part, double share) {
  constexpr std::uint64_t kParts = 1'000'000;
  const auto limit = static_cast<std::uint64_t>(share * static_cast<double>(kParts));
  Split split;
  for (const std::uint32_t index : part) {
    const bool test = fnv1a64("local test:" + examples[index].group) % kParts < limit;
    (test ? split.test : split.train).push_back(index);
  }
  if (split.train.empty()) return {part, {}};
  return split;
}

}  // namespace lorafleet::partition
