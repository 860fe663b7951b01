#include "model/adapter/starting_adapter.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "model/adapter/peft.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::model {
namespace {

std::string described(const LoraModule& module) {
  return module.name + " of [" + std::to_string(module.out) + ", " + std::to_string(module.in) +
         "] with rank " + std::to_string(module.rank) + ", alpha " + shortest(module.alpha) +
         (module.use_rslora ? " and rsLoRA" : "");
}

/// The first module of `modules` that `others` lacks.
std::string first_missing(const std::vector<LoraModule>& modules,
                          const std::vector<LoraModule>& others) {
  for (const LoraModule& module : modules) {
    if (std::find(others.begin(), others.end(), module) == others.end()) return described(module);
  }
  return "no other module";
}

}  // namespace

Adapter starting_adapter(LayoutPtr layout, const ModelShape& shape, const LoraConfig& lora,
                         std::uint64_t run_seed,
                         const std::function<void(const std::string&)>& warning) {
  if (lora.init_adapter.empty()) return initial_adapter(std::move(layout), run_seed);
  Adapter adapter = load_peft(lora.init_adapter, shape, warning);
  if (*adapter.layout != *layout) {
    const auto& there = adapter.layout->modules();
    throw InputError("lora.init_adapter",
                     lora.init_adapter.string() +
                         " is not of the layout that [lora] asks for: it has " +
                         first_missing(there, layout->modules()) +
                         "; asked for: " + first_missing(layout->modules(), there));
  }
  adapter.layout = std::move(layout);
  return adapter;
}

}  // namespace lorafleet::model
