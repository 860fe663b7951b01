#include <nlohmann/json.hpp>

#include "model/network/config_reader.hpp"
#include "model/network/families/equal_heads.hpp"
#include "model/network/families/new_size.hpp"
#include "model/network/families/rope.hpp"
#include "model/network/families/special_tokens.hpp"
#include "model/network/family.hpp"

namespace lorafleet::model {
namespace {

/// EleutherAI/pythia-*: their config.json.
struct GptNeoxSize {
  const char* name;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t width;
};
constexpr GptNeoxSize kGptNeoxSizes[] = {
    {"pythia-70m", 6, 8, 512}, {"pythia-160m", 12, 12, 768}, {"pythia-410m", 24, 16, 1024}};

void set_gpt_neox_shape(ModelShape& shape, const ConfigReader& config) {
  shape.family = "gpt_neox";
  shape.vocabulary = config.size("vocab_size");
  read_equal_heads(shape, config, "hidden_size", "num_attention_heads");
  shape.embedding = shape.width;
  shape.layers = config.size("num_hidden_layers", ConfigReader::kMostLayers);
  shape.positions = config.integer("max_position_embeddings", 2048, 1, ConfigReader::kMostSize);
  read_special_tokens(shape, config, 2);
  const std::int64_t d = shape.width;
  const std::int64_t wide = config.size("intermediate_size");
  const bool bias = config.boolean("attention_bias", true);
  using Role = LinearRole;
  shape.layer_path = "gpt_neox.layers.";
  shape.layer_linears = {{"attention.query_key_value", d, 3 * d, Role::query_key_value, bias},
                         {"attention.dense", d, d, Role::attention_output, bias},
                         {"mlp.dense_h_to_4h", d, wide, Role::up, true},
                         {"mlp.dense_4h_to_h", wide, d, Role::down, true}};
}

/// The part of each head that turns.
std::int64_t rotary_dims(const ConfigReader& config, std::int64_t head_dim) {
  const auto parameters = config.part("rope_parameters");
  const bool newer = parameters && parameters->states("partial_rotary_factor");
  const double share =
      newer ? parameters->positive("partial_rotary_factor") : config.positive("rotary_pct", 0.25);
  const auto dims = static_cast<std::int64_t>(static_cast<double>(head_dim) * std::min(share, 1.0));
  if (share > 1.0 || dims < 2 || dims % 2 != 0) {
    config.refuse(newer ? "rope_parameters.partial_rotary_factor" : "rotary_pct",
                  "must leave an even number of the head's " + std::to_string(head_dim) +
                      " dimensions to turn, not " + std::to_string(dims));
  }
  return dims;
}

BaseDescription read_gpt_neox(const ConfigReader& config) {
  BaseDescription base;
  ModelShape& shape = base.shape;
  set_gpt_neox_shape(shape, config);
  NetworkParts& parts = base.parts;
  parts.prefix = "gpt_neox.";
  parts.embedding = "gpt_neox.embed_in";
  parts.norm.epsilon = config.positive("layer_norm_eps", 1e-5);
  parts.norms.attention = "input_layernorm";
  parts.norms.feed_forward = "post_attention_layernorm";
  parts.parallel = config.boolean("use_parallel_residual", true);
  parts.final_norm = "gpt_neox.final_layer_norm";
  const auto layers = static_cast<std::size_t>(shape.layers);
  parts.attention.assign(layers,
                         {shape.heads, shape.heads, shape.head_dim, usual_scale(shape.head_dim)});
  parts.fused_by_head = true;
  const double theta = config.positive("rotary_emb_base", 10000.0);
  parts.rotary = {read_rope(config, rotary_dims(config, shape.head_dim), theta)};
  parts.rotary_of.assign(layers, 0);
  parts.activation = config.activation("hidden_act", "gelu");
  parts.head = "embed_out";
  parts.tied = config.boolean("tie_word_embeddings", false);
  parts.dropout.hidden = parts.dropout.embedding = config.probability("hidden_dropout", 0.0);
  parts.dropout.attention = config.probability("attention_dropout", 0.0);
  parts.layer_buffers = {"attention.bias", "attention.masked_bias",
                         "attention.rotary_emb.inv_freq"};
  return base;
}

nlohmann::ordered_json gpt_neox_config(const std::string& name, const SizeChanges& changes) {
  const GptNeoxSize& size = size_named(kGptNeoxSizes, name);
  const std::int64_t width = changes.width.value_or(size.width);
  nlohmann::ordered_json config = {
      {"architectures", {"GPTNeoXForCausalLM"}},
      {"bos_token_id", 0},
      {"dtype", nullptr},
      {"eos_token_id", 0},
      {"hidden_act", "gelu"},
      {"hidden_size", width},
      {"initializer_range", 0.02},
      {"intermediate_size", 4 * width},
      {"layer_norm_eps", 1e-5},
      {"max_position_embeddings", changes.positions.value_or(2048)},
      {"model_type", "gpt_neox"},
      {"num_attention_heads", fewer_heads({size.heads, size.heads}, width, size.width).queries},
      {"num_hidden_layers", changes.layers.value_or(size.layers)},
      {"rotary_emb_base", 10000},
      {"rotary_pct", 0.25},
      {"tie_word_embeddings", false},
      {"use_cache", true},
      {"use_parallel_residual", true},
      {"vocab_size", changes.vocabulary.value_or(50304)}};
  return config;
}

}  // namespace

/// arXiv 2204.06745; Pythia: arXiv 2304.01373.
Family gpt_neox_family() {
  return {"gpt_neox", read_gpt_neox, names_of(kGptNeoxSizes), gpt_neox_config};
}

}  // namespace lorafleet::model
