#include "model/network/config_reader.hpp"
#include "model/network/families/gated_decoder.hpp"

#include <nlohmann/json.hpp>

namespace lorafleet::model {
namespace {

/// mistralai/Mistral-7B-v0.3: its config.json.
constexpr GatedSize kMistralSizes[] = {
    {"mistral-7b", 32, 4096, 32, 8, 128, 14336, 32768, 32768, 1e6, 1e-5, false, 1, 2}};

BaseDescription read_mistral(const ConfigReader& config) {
  GatedDecoder own;
  own.family = "mistral";
  own.kv_heads = 8;
  own.positions = 131072;
  own.end = 2;
  BaseDescription base = read_gated_decoder(config, own);
  const std::int64_t window = read_window(config);
  set_windows(base, config, window, [&](std::int64_t) { return window > 0; });
  return base;
}

nlohmann::ordered_json mistral_config(const std::string& name, const SizeChanges& changes) {
  auto config =
      gated_config("mistral", "MistralForCausalLM", size_named(kMistralSizes, name), changes);
  config["sliding_window"] = nullptr;
  return config;
}

}  // namespace

/// arXiv 2310.06825. Hugging Face's AutoModel takes a configuration with layer_types for its
/// Ministral, the same network whose layers slide one by one as they say.
Family mistral_family() {
  return {"mistral", read_mistral, names_of(kMistralSizes), mistral_config};
}

}  // namespace lorafleet::model
