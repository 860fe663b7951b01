#include "model/network/config_reader.hpp"
#include "model/network/families/gated_decoder.hpp"

#include <nlohmann/json.hpp>

namespace lorafleet::model {
namespace {

/// meta-llama/Llama-3.2-1B, HuggingFaceTB/SmolLM2-*: their config.json.
constexpr GatedSize kLlamaSizes[] = {
    {"smollm2-135m", 30, 576, 9, 3, 64, 1536, 49152, 8192, 100000.0, 1e-5, true, 0, 0},
    {"smollm2-360m", 32, 960, 15, 5, 64, 2560, 49152, 8192, 100000.0, 1e-5, true, 0, 0},
    {"llama-3.2-1b", 16, 2048, 32, 8, 64, 8192, 128256, 131072, 500000.0, 1e-5, true, 128000,
     128001}};

BaseDescription read_llama(const ConfigReader& config) {
  GatedDecoder own;
  own.family = "llama";
  own.positions = 2048;
  own.end = 2;
  own.query_bias = own.output_bias = config.boolean("attention_bias", false);
  own.feed_forward_bias = config.boolean("mlp_bias", false);
  return read_gated_decoder(config, own);
}

nlohmann::ordered_json llama_config(const std::string& name, const SizeChanges& changes) {
  auto config = gated_config("llama", "LlamaForCausalLM", size_named(kLlamaSizes, name), changes);
  if (name == "llama-3.2-1b") {
    config["rope_scaling"] = {{"factor", 32.0},
                              {"high_freq_factor", 4.0},
                              {"low_freq_factor", 1.0},
                              {"original_max_position_embeddings", 8192},
                              {"rope_type", "llama3"}};
  }
  return config;
}

}  // namespace

/// arXiv 2302.13971, 2407.21783.
Family llama_family() {
  return {"llama", read_llama, names_of(kLlamaSizes), llama_config};
}

}  // namespace lorafleet::model
