#include "model/adapter/peft_keys.hpp"

#include <algorithm>
#include <iterator>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using nlohmann::json;

/// Keys that PeftConfig reads itself.
constexpr const char* kRead[] = {"alpha_pattern",       "bias",
                                 "init_lora_weights",   "lora_alpha",
                                 "peft_type",           "r",
                                 "rank_pattern",        "use_rslora",
                                 "target_modules",      "exclude_modules",
                                 "layers_to_transform", "layers_pattern",
                                 "modules_to_save"};

/// Where the adapter comes from, how its factors were initialised or trained, where it was to be
/// loaded: the factors say the same whatever stands there. Initialisations that also change the
/// base are refused by `init_lora_weights`.
constexpr const char* kHarmless[] = {
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "ensure_weight_tying",  // of embeddings in modules_to_save or target_modules
    "eva_config",
    "fan_in_fan_out",  // how the base's files hold a layer, which PEFT finds out itself
    "inference_mode",
    "loftq_config",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "merge_weights",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "task_type",
    "velora_config"  // another backward pass in training
};

struct Harmful {
  const char* key;
  const char* reason;
};

constexpr Harmful kHarmful[] = {
    {"alora_invocation_tokens", "the factors count only after certain tokens (aLoRA)"},
    {"arrow_config", "the factors are mixed with other adapters' by a router (Arrow)"},
    {"enable_lora", "the factors adapt parts of a layer's output"},
    {"kasa_config", "the factors are scaled by trained singular values (KaSA)"},
    {"layer_replication", "the factors are of copies of the base's layers"},
    {"lora_bias", "B has a trained bias"},
    {"megatron_config", "the factors are of Megatron's parallel layers"},
    {"monteclora_config", "A is moved by a trained sampler (MonteCLoRA)"},
    {"target_parameters", "the factors are of parameters, not of linear layers"},
    {"trainable_token_indices", "rows of the embedding were trained"},
    {"use_bdlora", "the factors are block-diagonal (BD-LoRA)"},
    {"use_dora", "the factors give a direction, a trained magnitude its length (DoRA)"},
    {"use_qalora", "the factors are of pooled inputs (QALoRA)"},
};

bool is_off(const json& value) {
  if (value.is_null()) return true;
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_structured() && value.empty();
}

template <typename Names>
bool has(const Names& names, const std::string& key) {
  return std::find(std::begin(names), std::end(names), key) != std::end(names);
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys(std::begin(kRead), std::end(kRead));
  keys.insert(keys.end(), std::begin(kHarmless), std::end(kHarmless));
  for (const Harmful& harmful : kHarmful)
    keys.emplace_back(harmful.key);
  return keys;
}

}  // namespace

std::string shown_value(const json& value) {
  constexpr std::size_t kLongest = 80;
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

std::vector<std::string> check_peft_keys(const json& config, const std::string& file) {
  std::vector<std::string> warnings;
  for (const auto& [key, value] : config.items()) {
    if (has(kRead, key) || has(kHarmless, key)) continue;
    const auto* harmful =
        std::find_if(std::begin(kHarmful), std::end(kHarmful),
                     [&sought = key](const Harmful& entry) { return entry.key == sought; });
    if (harmful != std::end(kHarmful)) {
      if (is_off(value)) continue;
      throw InputError(file, key + ": " + shown_value(value) + " is not supported: " +
                                 harmful->reason + "; allowed: off (null or false)");
    }
    if (is_off(value)) {
      warnings.push_back(file + ": unknown key \"" + key + "\" (" + shown_value(value) +
                         ") is passed over");
      continue;
    }
    throw InputError(file,
                     "unknown key \"" + key + "\": " + shown_value(value) +
                         " may change what the factors mean; known are the keys of PEFT up to "
                         "0.20" +
                         did_you_mean(nearest_name(key, known_keys()), "\"") +
                         "; if it changes nothing, set it to null");
  }
  return warnings;
}

}  // namespace lorafleet::model
