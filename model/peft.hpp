#pragma once

#include <filesystem>
#include <string>

#include "model/adapter.hpp"
#include "model/config.hpp"

namespace lorafleet::model {

/// Writes `adapter_config.json` and `adapter_model.safetensors` as PEFT's `save_pretrained` does:
/// keys "base_model.model.<module>.lora_A.weight", float32. Throws RuntimeFailure.
void save_peft(const std::filesystem::path& directory, const Adapter& adapter,
               const LoraConfig& lora, const std::string& base_model_name);

/// Reads such a directory; modules in the order of the layers, then of their names. Throws InputError.
Adapter load_peft(const std::filesystem::path& directory);

}  // namespace lorafleet::model
