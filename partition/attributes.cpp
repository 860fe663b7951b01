#include "partition/attributes.hpp"

#include <algorithm>
#include <set>

#include "partition/formats/format.hpp"
#include "partition/formats/read_report.hpp"
#include "partition/reader.hpp"

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
  const std::string nearest = nearest_name(name, known);
  throw NoSuchAttribute(place,
                        "no example has the attribute \"" + name + "\"" +
                            (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?") +
                            "; they have: " + join(known),
                        name);
}

std::string how_to_name(const std::string& attribute, const DataConfig& data) {
  ReadReport report;
  try {
    (void)read_examples(data, 0, &report);
  } catch (const InputError&) {  // what is wrong there is said elsewhere
    return "";
  }
  if (std::find(report.fields.begin(), report.fields.end(), attribute) == report.fields.end())
    return "";
  const std::string has = data.path.string() + " has a field \"" + attribute + "\"";
  if (find_format(data.format).fields == Fields::fixed) {
    return has + ", which format = \"" + data.format +
           "\" does not read as an attribute; format = \"jsonl\" (of tables, \"csv\" or \"tsv\") "
           "reads fields of any name";
  }
  auto names = data.fields.attributes;
  if (std::find(names.begin(), names.end(), attribute) != names.end())
    return has + ", but it is null or empty in all rows";
  names.push_back(attribute);
  for (auto& name : names)
    name = '"' + name + '"';
  return has + "; to make it an attribute: [data.fields] attributes = [" + join(names) + "]";
}

std::string_view grouping_value(const Example& example, const std::string& grouping) {
  return grouping == kGroup ? std::string_view(example.group) : attribute_value(example, grouping);
}

void require_grouping(const std::string& grouping, std::string_view place,
                      const std::vector<Example>& examples, const Indices& indices) {
  if (grouping != kGroup) require_attribute(grouping, place, examples, indices);
}

}  // namespace lorafleet::partition
