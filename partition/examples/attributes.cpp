#include "partition/examples/attributes.hpp"

#include <algorithm>
#include <set>

namespace lorafleet::partition {

namespace {

constexpr std::string_view kGroup = "group";

}  // namespace

std::string_view attribute_value(const Example& example, const std::string& name) {
  const auto found = example.attributes.find(name);
  if (found != example.attributes.end()) return found->second;
  return name == "target" ? std::string_view(example.target) : std::string_view();
}

std::vector<std::string> attribute_names(const std::vector<Example>& examples,
                                         const Indices& indices) {
  std::set<std::string_view> names = {"target"};
  for (const auto index : indices) {
    for (const auto& [name, value] : examples[index].attributes) {
      if (!value.empty()) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

void require_attribute(const std::string& name, std::string_view place,
                       const std::vector<Example>& examples, const Indices& indices) {
  const auto known = attribute_names(examples, indices);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw NoSuchAttribute(place,
                        "no example has the attribute \"" + name + "\"" +
                            did_you_mean(nearest_name(name, known), "\"") +
                            "; they have: " + join(known),
                        name);
}

std::string_view grouping_value(const Example& example, const std::string& grouping) {
  return grouping == kGroup ? std::string_view(example.group) : attribute_value(example, grouping);
}

void require_grouping(const std::string& grouping, std::string_view place,
                      const std::vector<Example>& examples, const Indices& indices) {
  if (grouping != kGroup) require_attribute(grouping, place, examples, indices);
}

}  // namespace lorafleet::partition
