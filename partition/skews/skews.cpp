#include "partition/skews/skew.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

const std::vector<SkewKind>& skew_kinds() {
  static const std::vector<SkewKind> kKinds = {
      {.name = "iid", .stands_alone = true},
      {.name = "natural", .stands_alone = true, .assign = assign_naturally},
      {.name = "context_length",
       .quantiles = true,
       .measure = &SkewConfig::unit,
       .measure_key = "unit",
       .cut = cut_by_context_length},
      {.name = "quality",
       .quantiles = true,
       .measure = &SkewConfig::quality,
       .measure_key = "quality",
       .cut = cut_by_quality},
      {.name = "attribute",
       .measure = &SkewConfig::attribute,
       .measure_key = "attribute",
       .cut = cut_by_attribute},
      {.name = "group", .cut = cut_by_group},
      {.name = "quantity", .sizes = draw_quantity},
  };
  return kKinds;
}

std::vector<std::string> known_skews() {
  std::vector<std::string> names;
  for (const auto& kind : skew_kinds()) {
    names.push_back(kind.name);
  }
  return names;
}

const SkewKind& find_skew(const std::string& name) {
  for (const auto& kind : skew_kinds()) {
    if (kind.name == name) return kind;
  }
  throw InputError("partition.skew.by",
                   "unknown skew \"" + name + "\"; known: " + join(known_skews()));
}

}  // namespace lorafleet::partition
