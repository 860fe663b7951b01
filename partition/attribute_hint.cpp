#include "partition/attribute_hint.hpp"

#include <algorithm>

#include "partition/formats/format.hpp"
#include "partition/formats/read_report.hpp"
#include "partition/reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

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

}  // namespace lorafleet::partition
