#include "scenarios/schema/choices.hpp"

#include <algorithm>

namespace lorafleet::scenarios {

std::string is_one_of(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  const auto quoted = [](const std::string& name) { return '"' + name + '"'; };
  if (some.size() > 2 && some.size() + 1 == all.size()) {
    const auto left = std::find_if(all.begin(), all.end(), [&](const std::string& name) {
      return std::find(some.begin(), some.end(), name) == some.end();
    });
    return "is not " + quoted(*left);
  }
  std::string text = "is ";
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (i > 0) text += i + 1 == some.size() ? " or " : ", ";
    text += quoted(some[i]);
  }
  return text;
}

}  // namespace lorafleet::scenarios
