#include "partition/examples/attributes.hpp"
#include "partition/skews/bins.hpp"
#include "partition/skews/skew.hpp"

namespace lorafleet::partition {

Bins cut_by_attribute(const SkewInput& input) {
  const std::string& name = input.config.attribute;
  require_attribute(name, "partition.skew.attribute", input.examples, input.training);
  std::vector<std::string_view> values;
  for (const auto index : input.training)
    values.push_back(attribute_value(input.examples[index], name));
  return bins_of_values(values, input.config, name);
}

}  // namespace lorafleet::partition
