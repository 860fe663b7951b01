#include "tools/pretrain/checkpoint.hpp"

#include <map>
#include <span>
#include <string>

#include "model/files/json.hpp"
#include "model/files/safetensors.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::pretrain {
namespace {

constexpr const char* kFacts = "lorafleet_pretraining";

model::NamedTensor tensor(const std::string& name, const std::vector<float>& values) {
  return {name,
          model::DType::float32,
          {static_cast<std::int64_t>(values.size())},
          std::as_bytes(std::span(values))};
}

}  // namespace

std::filesystem::path checkpoint_file(const std::filesystem::path& folder) {
  return folder / "pretraining.safetensors";
}

void save_checkpoint(const std::filesystem::path& folder, const TrainingState& state) {
  model::write_safetensors(checkpoint_file(folder),
                           {tensor("weights", state.weights), tensor("first", state.first),
                            tensor("second", state.second)},
                           {{kFacts, state.facts.dump()}});
}

TrainingState load_checkpoint(const std::filesystem::path& folder, std::size_t size) {
  const std::filesystem::path path = checkpoint_file(folder);
  const model::SafetensorsFile file(path);
  const auto facts = file.metadata().find(kFacts);
  if (facts == file.metadata().end()) {
    throw InputError(path.string(), "is no checkpoint of lorafleet-pretrain");
  }
  TrainingState state;
  state.facts = model::parse_json(facts->second, path.string());
  const std::map<std::string, std::vector<float>*> parts = {
      {"weights", &state.weights}, {"first", &state.first}, {"second", &state.second}};
  for (const auto& [name, values] : parts) {
    const model::TensorView* const view = file.find(name);
    if (view == nullptr || view->dtype != model::DType::float32 ||
        view->shape != std::vector{static_cast<std::int64_t>(size)}) {
      throw InputError(path.string(), "\"" + name + "\" must be " + std::to_string(size) +
                                          " numbers of float32, as the model has weights");
    }
    *values = view->to_float32();
  }
  return state;
}

}  // namespace lorafleet::pretrain
