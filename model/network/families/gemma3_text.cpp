#include <cmath>
#include <nlohmann/json.hpp>

#include "model/network/config_reader.hpp"
#include "model/network/families/gated_decoder.hpp"
#include "model/network/families/rope.hpp"

namespace lorafleet::model {
namespace {

/// google/gemma-3-*: their config.json.
constexpr GatedSize kGemma3Sizes[] = {
    {"gemma-3-270m", 18, 640, 4, 1, 256, 2048, 262144, 32768, 1e6, 1e-6, true, 2, 1},
    {"gemma-3-1b", 26, 1152, 4, 1, 256, 6912, 262144, 32768, 1e6, 1e-6, true, 2, 1}};

std::int64_t pattern_of(const ConfigReader& config) {
  const std::int64_t inner = config.integer("_sliding_window_pattern", 6, 1, 1 << 16);
  return config.integer("sliding_window_pattern", inner, 1, 1 << 16);
}

void set_norms(NetworkParts& parts) {
  parts.norm.one_plus = true;
  parts.norms = {"input_layernorm",           "post_attention_layernorm",
                 "pre_feedforward_layernorm", "post_feedforward_layernorm",
                 "self_attn.q_norm",          "self_attn.k_norm"};
}

void set_rotary(BaseDescription& base, const ConfigReader& config, const GatedDecoder& own) {
  constexpr double kUsualLocalTheta = 10000.0;
  const std::int64_t dims = base.shape.head_dim;
  const double local = config.positive("rope_local_base_freq", kUsualLocalTheta);
  const auto parameters = config.part("rope_parameters");
  const bool by_type = parameters && parameters->part("sliding_attention");
  NetworkParts& parts = base.parts;
  parts.rotary = {
      read_rope(config, dims, own.theta, "full_attention"),
      by_type ? read_rope(config, dims, local, "sliding_attention") : plain_rope(dims, local)};
  for (std::size_t i = 0; i < parts.attention.size(); ++i)
    parts.rotary_of[i] = parts.attention[i].window > 0 ? 1 : 0;
}

BaseDescription read_gemma3(const ConfigReader& config) {
  config.refuse_if_set("attn_logit_softcapping", "soft-capping is not supported");
  config.refuse_if_set("final_logit_softcapping", "soft-capping is not supported");
  config.refuse_if_set("use_bidirectional_attention", "only causal attention is supported");
  GatedDecoder own;
  own.family = "gemma3_text";
  own.kv_heads = 4;
  own.head_dim = 256;
  own.positions = 131072;
  own.end = 1;
  own.theta = 1e6;
  own.activation_key = "hidden_activation";
  own.activation = "gelu_pytorch_tanh";
  own.query_bias = own.output_bias = config.boolean("attention_bias", false);
  own.tied = true;
  BaseDescription base = read_gated_decoder(config, own);
  set_norms(base.parts);
  base.parts.embedding_scale = std::sqrt(static_cast<double>(base.shape.width));
  const double scalar = config.positive("query_pre_attn_scalar", 256.0);
  for (AttentionShape& layer : base.parts.attention)
    layer.scale = static_cast<float>(1.0 / std::sqrt(scalar));
  const std::int64_t pattern = pattern_of(config);
  set_windows(base, config, read_window(config),
              [&](std::int64_t layer) { return (layer + 1) % pattern != 0; });
  set_rotary(base, config, own);
  return base;
}

nlohmann::ordered_json gemma3_config(const std::string& name, const SizeChanges& changes) {
  auto config =
      gated_config("gemma3_text", "Gemma3ForCausalLM", size_named(kGemma3Sizes, name), changes);
  config["attention_bias"] = false;
  config["hidden_activation"] = "gelu_pytorch_tanh";
  config["pad_token_id"] = 0;
  config["query_pre_attn_scalar"] = 256;
  config["rope_local_base_freq"] = 10000.0;
  config["sliding_window"] = 512;
  config["sliding_window_pattern"] = 6;
  return config;
}

}  // namespace

/// arXiv 2503.19786.
Family gemma3_text_family() {
  return {"gemma3_text", read_gemma3, names_of(kGemma3Sizes), gemma3_config};
}

}  // namespace lorafleet::model
