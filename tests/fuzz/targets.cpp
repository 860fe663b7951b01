#include "tests/fuzz/targets.hpp"

#include <stdexcept>
#include <string>

#include "partition/support/error.hpp"

namespace lorafleet::fuzz {

const std::vector<Target>& targets() {
  static const std::vector<Target> kTargets = {
      {"safetensors", read_safetensors},    {"torch_file", read_torch_file},
      {"tokenizer", read_tokenizer},        {"data", read_data},
      {"scenario", read_scenario},          {"model_json", read_model_json},
      {"quant_state", read_quant_state},    {"manifest", read_manifest},
      {"sim_files", read_sim_files},        {"wire", read_wire},
      {"chat_template", read_chat_template}};
  return kTargets;
}

const Target& find_target(std::string_view name) {
  for (const auto& target : targets()) {
    if (target.name == name) return target;
  }
  throw std::out_of_range("no fuzz target " + std::string(name));
}

bool accepts(const Target& target, std::string_view input) {
  try {
    target.read(input);
    return true;
  } catch (const InputError&) {
    return false;
  } catch (const RuntimeFailure&) {
    return false;
  }
}

}  // namespace lorafleet::fuzz
