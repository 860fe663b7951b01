#include "model/text/class_agreement.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "model/text/unicode.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

bool are_unnamed(std::span<const std::string> classes) {
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] != "LABEL_" + std::to_string(i)) return false;
  }
  return true;
}

std::optional<std::vector<std::size_t>> places_of(std::span<const std::string> names,
                                                  std::span<const std::string> classes) {
  std::map<std::u32string, std::size_t> known;
  for (std::size_t i = 0; i < classes.size(); ++i)
    known.emplace(lower_case(classes[i]), i);
  std::vector<std::size_t> places;
  for (const std::string& name : names) {
    const auto found = known.find(lower_case(name));
    if (found == known.end()) return std::nullopt;
    places.push_back(found->second);
    known.erase(found);
  }
  if (places.size() != classes.size()) return std::nullopt;
  return places;
}

std::string disagreement(std::span<const std::string> names, std::span<const std::string> classes) {
  if (are_unnamed(names)) return "";
  const auto places = places_of(names, classes);
  if (places && std::ranges::is_sorted(*places)) return "";
  const auto listed = [](std::span<const std::string> texts) {
    return join(std::vector<std::string>(texts.begin(), texts.end()));
  };
  return "tells " + listed(names) + " apart, and the classes of the data are " + listed(classes) +
         ": they are taken for each other in this order";
}

}  // namespace lorafleet::model
