#include "scenarios/schema/scenario.hpp"

#include <stdexcept>
#include <string>

#include "tests/fuzz/input_folder.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

void read_scenario(std::string_view input) {
  static const InputFolder folder;
  static const auto data = folder.write("data.jsonl", "{\"target\": \"text\"}\n");
  const auto file = folder.write("scenario.toml", input);
  const std::string text = scenarios::to_toml(scenarios::read_scenario(file, {}, folder.path()));
  const auto again = folder.write("again.toml", text);
  try {
    if (scenarios::to_toml(scenarios::read_scenario(again, {}, folder.path())) == text) return;
  } catch (const InputError& error) {
    throw std::logic_error("what was written cannot be read: " + std::string(error.what()));
  }
  throw std::logic_error("what was written reads as another scenario");
}

}  // namespace lorafleet::fuzz
