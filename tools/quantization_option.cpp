#include "tools/quantization_option.hpp"

#include "model/adapter/base_quantization.hpp"
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
  if (!line.has("quantization")) return name_of(held);
  const std::string wanted = line.text("quantization");
  if (choices.find(wanted) == nullptr) {
    throw InputError("--quantization",
                     "\"" + wanted + "\" is not known; allowed: " + join(choices.names()));
  }
  if (held != model::Quantization::none && wanted != name_of(held)) {
    throw InputError("--quantization", "\"" + wanted + "\" does not fit the base: the files of " +
                                           folder.string() + " hold " + name_of(held));
  }
  return wanted;
}

std::optional<TrainedOn> trained_on_another(const std::vector<std::filesystem::path>& files,
                                            const std::string& quantization) {
  for (const auto& file : files) {
    const std::string held = model::base_quantization(file);
    const bool known = model::quantization_choices().find(held) != nullptr;
    if (known && held != name_of(model::Quantization::none) && held != quantization)
      return TrainedOn{file, held};
  }
  return std::nullopt;
}

}  // namespace lorafleet::tools
