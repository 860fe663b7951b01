#include <nlohmann/json.hpp>

#include "model/network/config_reader.hpp"
#include "model/network/families/equal_heads.hpp"
#include "model/network/families/new_size.hpp"
#include "model/network/families/special_tokens.hpp"
#include "model/network/family.hpp"

namespace lorafleet::model {
namespace {

/// openai-community/gpt2*: their config.json.
struct Gpt2Size {
  const char* name;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t width;
};
constexpr Gpt2Size kGpt2Sizes[] = {
    {"gpt2", 12, 12, 768}, {"gpt2-medium", 24, 16, 1024}, {"gpt2-large", 36, 20, 1280}};
constexpr std::int32_t kEndOfText = 50256;

void set_gpt2_shape(ModelShape& shape, const ConfigReader& config) {
  shape.family = "gpt2";
  shape.vocabulary = config.size("vocab_size");
  read_equal_heads(shape, config, "n_embd", "n_head");
  shape.embedding = shape.width;
  shape.layers = config.size("n_layer", ConfigReader::kMostLayers);
  shape.positions = config.integer("n_positions", 1024, 1, ConfigReader::kMostSize);
  read_special_tokens(shape, config, kEndOfText);
  const std::int64_t d = shape.width;
  const std::int64_t wide = config.integer("n_inner", 4 * d, 1, 4 * ConfigReader::kMostSize);
  using Role = LinearRole;
  shape.layer_path = "transformer.h.";
  shape.layer_linears = {{"attn.c_attn", d, 3 * d, Role::query_key_value, true, true},
                         {"attn.c_proj", d, d, Role::attention_output, true, true},
                         {"mlp.c_fc", d, wide, Role::up, true, true},
                         {"mlp.c_proj", wide, d, Role::down, true, true}};
}

BaseDescription read_gpt2(const ConfigReader& config) {
  config.refuse_if_set("add_cross_attention", "cross-attention is not supported");
  BaseDescription base;
  ModelShape& shape = base.shape;
  set_gpt2_shape(shape, config);
  NetworkParts& parts = base.parts;
  parts.prefix = "transformer.";
  parts.embedding = "transformer.wte";
  parts.positions = "transformer.wpe";
  parts.norm.epsilon = config.positive("layer_norm_epsilon", 1e-5);
  parts.norms.attention = "ln_1";
  parts.norms.feed_forward = "ln_2";
  parts.final_norm = "transformer.ln_f";
  const float scale =
      config.boolean("scale_attn_weights", true) ? usual_scale(shape.head_dim) : 1.0f;
  const bool by_layer = config.boolean("scale_attn_by_inverse_layer_idx", false);
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    parts.attention.push_back({shape.heads, shape.heads, shape.head_dim,
                               by_layer ? scale / static_cast<float>(i + 1) : scale});
  }
  parts.activation = config.activation("activation_function", "gelu_new");
  parts.head = "lm_head";
  parts.tied = config.boolean("tie_word_embeddings", true);
  parts.dropout.hidden = config.probability("resid_pdrop", 0.1);
  parts.dropout.attention = config.probability("attn_pdrop", 0.1);
  parts.dropout.embedding = config.probability("embd_pdrop", 0.1);
  parts.layer_buffers = {"attn.bias", "attn.masked_bias"};
  parts.shrinks_residual_init = true;
  return base;
}

nlohmann::ordered_json gpt2_config(const std::string& name, const SizeChanges& changes) {
  const Gpt2Size& size = size_named(kGpt2Sizes, name);
  const std::int64_t width = changes.width.value_or(size.width);
  const std::int64_t positions = changes.positions.value_or(1024);
  nlohmann::ordered_json config = {
      {"activation_function", "gelu_new"},
      {"architectures", {"GPT2LMHeadModel"}},
      {"attn_pdrop", 0.1},
      {"bos_token_id", kEndOfText},
      {"dtype", nullptr},
      {"embd_pdrop", 0.1},
      {"eos_token_id", kEndOfText},
      {"initializer_range", 0.02},
      {"layer_norm_epsilon", 1e-5},
      {"model_type", "gpt2"},
      {"n_ctx", positions},
      {"n_embd", width},
      {"n_head", fewer_heads({size.heads, size.heads}, width, size.width).queries},
      {"n_layer", changes.layers.value_or(size.layers)},
      {"n_positions", positions},
      {"resid_pdrop", 0.1},
      {"use_cache", true},
      {"vocab_size", changes.vocabulary.value_or(kEndOfText + 1)}};
  fit_special_tokens(config);
  return config;
}

}  // namespace

/// Radford et al., Language Models are Unsupervised Multitask Learners (2019).
Family gpt2_family() {
  return {"gpt2", read_gpt2, names_of(kGpt2Sizes), gpt2_config};
}

}  // namespace lorafleet::model
