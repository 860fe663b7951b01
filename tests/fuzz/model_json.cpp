#include <cstddef>
#include <span>

#include "model/adapter/peft_config.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/family.hpp"
#include "tests/fuzz/input_folder.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

void read_index(const InputFolder& folder, std::string_view text) {
  static const bool written = [&] {
    const float value = 0.0f;
    model::write_safetensors(
        folder.path() / "shard.safetensors",
        {{"weight", model::DType::float32, {1}, std::as_bytes(std::span(&value, 1))}}, {});
    return true;
  }();
  static_cast<void>(written);
  folder.write("model.safetensors.index.json", text);
  const model::Checkpoint checkpoint(folder.path());
}

}  // namespace

void read_model_json(std::string_view input) {
  static const InputFolder folder;
  if (input.empty()) return;
  const std::string_view text = input.substr(1);
  switch (static_cast<unsigned char>(input.front()) % 3) {
    case 0:
      static_cast<void>(model::read_description(folder.write("config.json", text)));
      break;
    case 1: {
      const model::PeftConfig config(folder.write("adapter_config.json", text));
      const std::string module = "model.decoder.layers.11.self_attn.out_proj";
      static_cast<void>(config.rank(module));
      static_cast<void>(config.alpha(module));
      static_cast<void>(config.warnings({module, "model.decoder.project_in"}));
      break;
    }
    default:
      read_index(folder, text);
  }
}

}  // namespace lorafleet::fuzz
