#include "model/network/config_reader.hpp"
#include "model/network/families/gated_decoder.hpp"

#include <nlohmann/json.hpp>

namespace lorafleet::model {
namespace {

/// Qwen/Qwen3-*: their config.json.
constexpr GatedSize kQwen3Sizes[] = {
    {"qwen3-0.6b", 28, 1024, 16, 8, 128, 3072, 151936, 40960, 1e6, 1e-6, true, 151643, 151645},
    {"qwen3-1.7b", 28, 2048, 16, 8, 128, 6144, 151936, 40960, 1e6, 1e-6, true, 151643, 151645}};

BaseDescription read_qwen3(const ConfigReader& config) {
  GatedDecoder own;
  own.family = "qwen3";
  own.kv_heads = 32;
  own.head_dim = 128;
  own.positions = 32768;
  own.query_bias = own.output_bias = config.boolean("attention_bias", false);
  own.head_norms = true;
  BaseDescription base = read_gated_decoder(config, own);
  set_upper_windows(base, config);
  return base;
}

nlohmann::ordered_json qwen3_config(const std::string& name, const SizeChanges& changes) {
  auto config = gated_config("qwen3", "Qwen3ForCausalLM", size_named(kQwen3Sizes, name), changes);
  config["attention_bias"] = false;
  config["use_sliding_window"] = false;
  return config;
}

}  // namespace

/// arXiv 2505.09388.
Family qwen3_family() {
  return {"qwen3", read_qwen3, names_of(kQwen3Sizes), qwen3_config};
}

}  // namespace lorafleet::model
