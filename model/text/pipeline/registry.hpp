#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/pipeline/setting.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

/// One `type` of a part of the pipeline, and what reads its settings.
template <class Part>
struct PartEntry {
  std::string_view type;
  std::unique_ptr<const Part> (*make)(const Setting&);
};

/// The part that `setting` describes. An unknown type is refused with the known ones.
template <class Part>
std::unique_ptr<const Part> make_part(const Setting& setting,
                                      std::span<const PartEntry<Part>> known) {
  const Setting type = setting.at("type");
  for (const auto& entry : known) {
    if (type.name() == entry.type) return entry.make(setting);
  }
  std::vector<std::string> names;
  for (const auto& entry : known)
    names.emplace_back(entry.type);
  setting.refuse("type " + type.shown() + " is not supported; allowed: " + join(names));
}

/// The parts of a Sequence, in order.
template <class Part>
std::vector<std::unique_ptr<const Part>> make_parts(
    const Setting& list, std::unique_ptr<const Part> (*make)(const Setting&)) {
  std::vector<std::unique_ptr<const Part>> parts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    parts.push_back(make(list.item(i)));
    if (!parts.back()) list.item(i).refuse("a part was expected, not null");
  }
  return parts;
}

}  // namespace lorafleet::model
