#include "tools/quantization_option.hpp"

#include <algorithm>

#include "model/network/family.hpp"
#include "model/network/quantization/quantization_choice.hpp"
#include "partition/support/error.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

std::string quantization_option(const CommandLine& line, const std::filesystem::path& folder) {
  const auto& choices = model::quantization_choices();
  const auto file = folder / "config.json";
  const auto held = std::filesystem::exists(file) ? model::read_description(file).quantization.kind
                                                  : model::Quantization::none;
  const auto names = choices.names_where([&](const auto& choice) { return choice.value == held; });
  if (!line.has("quantization")) return names.front();
  const std::string wanted = line.text("quantization");
  if (choices.find(wanted) == nullptr) {
    throw InputError("--quantization",
                     "\"" + wanted + "\" is not known; allowed: " + join(choices.names()));
  }
  if (held != model::Quantization::none && wanted != names.front()) {
    throw InputError("--quantization", "\"" + wanted + "\" does not fit the base: the files of " +
                                           folder.string() + " hold " + names.front());
  }
  return wanted;
}

}  // namespace lorafleet::tools
