#include "model/network/config_reader.hpp"
#include "model/network/families/gated_decoder.hpp"

#include <nlohmann/json.hpp>

namespace lorafleet::model {
namespace {

/// Qwen/Qwen2.5-*: their config.json.
constexpr GatedSize kQwen2Sizes[] = {
    {"qwen2.5-0.5b", 24, 896, 14, 2, 64, 4864, 151936, 32768, 1e6, 1e-6, true, 151643, 151643},
    {"qwen2.5-1.5b", 28, 1536, 12, 2, 128, 8960, 151936, 131072, 1e6, 1e-6, true, 151643, 151643}};

BaseDescription read_qwen2(const ConfigReader& config) {
  GatedDecoder own;
  own.family = "qwen2";
  own.kv_heads = 32;
  own.positions = 32768;
  own.query_bias = true;
  BaseDescription base = read_gated_decoder(config, own);
  set_upper_windows(base, config);
  return base;
}

nlohmann::ordered_json qwen2_config(const std::string& name, const SizeChanges& changes) {
  auto config = gated_config("qwen2", "Qwen2ForCausalLM", size_named(kQwen2Sizes, name), changes);
  config["use_sliding_window"] = false;
  return config;
}

}  // namespace

/// arXiv 2407.10671, 2412.15115.
Family qwen2_family() {
  return {"qwen2", read_qwen2, names_of(kQwen2Sizes), qwen2_config};
}

}  // namespace lorafleet::model
