#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// Writes `adapter_config.json` and `adapter_model.safetensors` as PEFT's `save_pretrained` does:
/// keys "base_model.model.<module>.lora_A.weight", float32, sorted; what is trained whole as
/// "base_model.model.<tensor>"; the adapter is of a base of `shape`. Ranks, alphas and rsLoRA are
/// those of the adapter's modules; where one differs from `lora`, it goes into rank_pattern or
/// alpha_pattern. A base change goes into `base_change.safetensors` beside them
/// (model/adapter/base_change.hpp), which PEFT does not know. `quantization`: what the base was
/// held in while the adapter was trained (model/adapter/base_quantization.hpp). Throws
/// RuntimeFailure.
void save_peft(const std::filesystem::path& directory, const Adapter& adapter,
               const LoraConfig& lora, const std::string& base_model_name, const ModelShape& shape,
               const std::string& quantization = "none");

/// Reads such a directory, written by LoRAFleet or by PEFT (adapter_model.bin too), with the base
/// change that lies in it; modules in the order of `shape`, whether it has them or not. Throws
/// InputError, also for settings of PEFT under which the factors would mean something else (DoRA,
/// trained biases, …). `warning` gets what a user should know (PeftConfig::warnings).
Adapter load_peft(const std::filesystem::path& directory, const ModelShape& shape,
                  const std::function<void(const std::string&)>& warning = {});

}  // namespace lorafleet::model
