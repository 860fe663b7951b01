#include "partition/split.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>

#include "partition/formats/format.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::partition {

namespace {

using Groups = std::map<std::string_view, std::size_t>;  // and how many examples each has

constexpr std::size_t kLongestName = 60;  // letters of a name

[[noreturn]] void refuse_one_group(const std::vector<Example>& examples, const DataConfig& data) {
  const bool named = find_format(data.format).fields != Fields::fixed;
  std::string what = "has one example";
  if (examples.size() > 1) {
    what = "all " + std::to_string(examples.size()) + " examples belong to one group, \"" +
           short_name(examples.front().group, kLongestName) + "\", and groups are never torn apart";
  }
  what += ", so nothing is left to test on; name a file to test on in data.test_path, or ";
  if (examples.size() > 1 && named) {
    what += "group by another field (data.fields.group; \"\" makes each row a group)";
  } else {
    what += "use more data";
  }
  throw InputError(data.path.string(), what);
}

Split hold_one_out(const std::vector<Example>& examples, const Groups& groups,
                   const DataConfig& data) {
  const std::size_t tenth = examples.size() / 10;
  const auto fitness = [&](const Groups::value_type& group) {
    const bool fits = group.second <= tenth;
    const auto size = static_cast<std::int64_t>(group.second);
    return std::make_tuple(!fits, fits ? -size : size, fnv1a64(group.first), group.first);
  };
  const auto held =
      std::min_element(groups.begin(), groups.end(),
                       [&](const auto& a, const auto& b) { return fitness(a) < fitness(b); });
  Split split;
  for (std::uint32_t i = 0; i < examples.size(); ++i)
    (examples[i].group == held->first ? split.test : split.train).push_back(i);
  split.note = data.path.string() + ": " + std::to_string(groups.size()) +
               " groups are too few for a tenth of them by chance: the group \"" +
               short_name(held->first, kLongestName) + "\", " + std::to_string(held->second) +
               " of " + std::to_string(examples.size()) +
               " examples, is held out to test on; data.test_path names a file for that instead";
  return split;
}

}  // namespace

bool is_test_group(std::string_view group) {
  return fnv1a64(group) % 10 == 0;
}

Split split_by_group(const std::vector<Example>& examples, const DataConfig& data) {
  Split split;
  Groups groups;
  for (std::uint32_t i = 0; i < examples.size(); ++i) {
    (is_test_group(examples[i].group) ? split.test : split.train).push_back(i);
    ++groups[examples[i].group];
  }
  if (!split.train.empty() && !split.test.empty()) return split;
  if (groups.size() < 2) refuse_one_group(examples, data);
  return hold_one_out(examples, groups, data);
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
