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

/// Values of what is trained whole, where the base's files have it.
void take_from_base(Adapter& adapter, const std::filesystem::path& base,
                    const ClassifierShape& classifier) {
  const std::vector<WholeTensor>& whole = adapter.layout->whole();
  if (!has_weights(base)) return;
  const Checkpoint checkpoint(base);
  if (!has_classifier(checkpoint, classifier)) return;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const Checkpoint::Tensor* tensor = checkpoint.find(whole[i].name);
    if (tensor == nullptr || tensor->view.shape != whole[i].shape ||
        !is_weight_type(tensor->view.dtype)) {
      throw InputError(checkpoint.path().string(),
                       "tensor " + whole[i].name +
                           (tensor == nullptr ? " is missing, though its classifier is there"
                                              : " is not as config.json describes it: its number "
                                                "of labels may be another"));
    }
    std::ranges::copy(
        tensor->view.to_float32(),
        adapter.values.begin() + static_cast<std::ptrdiff_t>(adapter.layout->whole_offset(i)));
  }
}

}  // namespace

bool has_classifier(const Checkpoint& files, const ClassifierShape& classifier) {
  return files.find(classifier.tensors.front().name) != nullptr;
}

bool has_classifier(const std::filesystem::path& base, const ClassifierShape& classifier) {
  return has_weights(base) && has_classifier(Checkpoint(base), classifier);
}

Adapter starting_adapter(LayoutPtr layout, const ModelShape& shape, const LoraConfig& lora,
                         const std::filesystem::path& base, std::uint64_t run_seed,
                         const std::function<void(const std::string&)>& warning) {
  if (lora.init_adapter.empty()) {
    Adapter fresh = initial_adapter(std::move(layout), run_seed);
    if (shape.classifier) take_from_base(fresh, base, *shape.classifier);
    return fresh;
  }
  Adapter adapter = load_peft(lora.init_adapter, shape, warning);
  if (adapter.layout->whole().empty() && !layout->whole().empty()) {
    throw InputError("lora.init_adapter", lora.init_adapter.string() +
                                              " has no classifier, which is trained beside the "
                                              "factors; its adapter_config.json has no "
                                              "modules_to_save");
  }
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
