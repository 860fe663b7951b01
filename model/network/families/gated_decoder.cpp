#include "model/network/families/gated_decoder.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/network/config_reader.hpp"
#include "model/network/families/rope.hpp"
#include "model/network/families/special_tokens.hpp"

namespace lorafleet::model {
namespace {

/// An absent key means the class's own number, a null one as many as there are heads.
std::int64_t read_kv_heads(const ConfigReader& config, std::int64_t heads, std::int64_t usual) {
  constexpr const char* kKey = "num_key_value_heads";
  const bool as_heads = usual == 0 || config.states(kKey);
  const std::int64_t kv_heads =
      config.integer(kKey, as_heads ? heads : usual, 1, ConfigReader::kMostSize);
  if (heads % kv_heads != 0) {
    config.refuse(kKey, std::to_string(kv_heads) +
                            " does not divide num_attention_heads = " + std::to_string(heads));
  }
  return kv_heads;
}

std::int64_t read_head_dim(const ConfigReader& config, std::int64_t width, std::int64_t heads,
                           std::int64_t usual) {
  constexpr const char* kKey = "head_dim";
  const bool by_width = usual == 0 || config.states(kKey);
  const std::int64_t dim = config.integer(kKey, by_width ? width / heads : usual, 0, 1 << 16);
  if (dim < 2 || dim % 2 != 0) {
    config.refuse(kKey, "rotary positions need an even number of dimensions, not " +
                            std::to_string(dim) + " (hidden_size / num_attention_heads where " +
                            "there is no head_dim)");
  }
  return dim;
}

}  // namespace

BaseDescription read_gated_decoder(const ConfigReader& config, const GatedDecoder& own) {
  BaseDescription base;
  ModelShape& shape = base.shape;
  shape.family = own.family;
  shape.vocabulary = config.size("vocab_size");
  shape.width = config.size("hidden_size");
  shape.embedding = shape.width;
  shape.layers = config.size("num_hidden_layers", ConfigReader::kMostLayers);
  shape.heads = config.size("num_attention_heads", 1 << 16);
  shape.kv_heads = read_kv_heads(config, shape.heads, own.kv_heads);
  shape.head_dim = read_head_dim(config, shape.width, shape.heads, own.head_dim);
  shape.positions =
      config.integer("max_position_embeddings", own.positions, 1, ConfigReader::kMostSize);
  read_special_tokens(shape, config, own.end);

  if (config.positive("partial_rotary_factor", 1.0) != 1.0) {
    config.refuse("partial_rotary_factor", "all of a head turns in this family; allowed: 1");
  }

  const std::int64_t d = shape.width;
  const std::int64_t q = shape.heads * shape.head_dim;
  const std::int64_t kv = shape.kv_heads * shape.head_dim;
  const std::int64_t wide = config.size("intermediate_size");
  using Role = LinearRole;
  shape.layer_path = "model.layers.";
  shape.layer_linears = {{"self_attn.q_proj", d, q, Role::query, own.query_bias},
                         {"self_attn.k_proj", d, kv, Role::key, own.query_bias},
                         {"self_attn.v_proj", d, kv, Role::value, own.query_bias},
                         {"self_attn.o_proj", q, d, Role::attention_output, own.output_bias},
                         {"mlp.gate_proj", d, wide, Role::gate, own.feed_forward_bias},
                         {"mlp.up_proj", d, wide, Role::up, own.feed_forward_bias},
                         {"mlp.down_proj", wide, d, Role::down, own.feed_forward_bias}};

  NetworkParts& parts = base.parts;
  parts.prefix = "model.";
  parts.embedding = "model.embed_tokens";
  parts.norm = {NormParts::Kind::rms, config.positive("rms_norm_eps", own.epsilon)};
  parts.norms.attention = "input_layernorm";
  parts.norms.feed_forward = "post_attention_layernorm";
  if (own.head_norms) {
    parts.norms.query = "self_attn.q_norm";
    parts.norms.key = "self_attn.k_norm";
  }
  parts.final_norm = "model.norm";
  const auto layers = static_cast<std::size_t>(shape.layers);
  parts.attention.assign(
      layers, {shape.heads, shape.kv_heads, shape.head_dim, usual_scale(shape.head_dim)});
  parts.rotary = {read_rope(config, shape.head_dim, own.theta)};
  parts.rotary_of.assign(layers, 0);
  parts.activation = config.activation(own.activation_key, own.activation);
  parts.head = "lm_head";
  parts.tied = config.boolean("tie_word_embeddings", own.tied);
  parts.dropout.attention = config.probability("attention_dropout", 0.0);
  parts.layer_buffers = {"self_attn.rotary_emb.inv_freq"};
  return base;
}

std::vector<bool> sliding_layers(const ConfigReader& config, std::int64_t layers,
                                 const std::function<bool(std::int64_t)>& slides) {
  constexpr const char* kKey = "layer_types";
  std::vector<bool> result;
  if (!config.states(kKey) || config.strings(kKey).empty()) {
    for (std::int64_t i = 0; i < layers; ++i)
      result.push_back(slides(i));
    return result;
  }
  for (const std::string& type : config.strings(kKey)) {
    if (type != "sliding_attention" && type != "full_attention") {
      config.refuse(
          kKey, "\"" + type + "\" is not supported; allowed: full_attention, sliding_attention");
    }
    result.push_back(type == "sliding_attention");
  }
  if (static_cast<std::int64_t>(result.size()) != layers) {
    config.refuse(kKey, "has " + std::to_string(result.size()) + " entries for " +
                            std::to_string(layers) + " layers");
  }
  return result;
}

std::int64_t read_window(const ConfigReader& config) {
  const std::int64_t usual = config.states("sliding_window") ? 0 : 4096;
  return config.integer("sliding_window", usual, 1, ConfigReader::kMostSize);
}

void set_windows(BaseDescription& base, const ConfigReader& config, std::int64_t window,
                 const std::function<bool(std::int64_t)>& slides) {
  const std::vector<bool> sliding = sliding_layers(config, base.shape.layers, slides);
  for (std::size_t i = 0; i < sliding.size(); ++i) {
    if (!sliding[i]) continue;
    if (window == 0) config.refuse("sliding_window", "is missing, and some layers slide");
    base.parts.attention[i].window = window;
  }
}

void set_upper_windows(BaseDescription& base, const ConfigReader& config) {
  const std::int64_t window = read_window(config);
  if (!config.boolean("use_sliding_window", false) || window == 0) return;
  const std::int64_t first = config.integer("max_window_layers", 28, 0, ConfigReader::kMostSize);
  set_windows(base, config, window, [&](std::int64_t layer) { return layer >= first; });
}

nlohmann::ordered_json gated_config(const std::string& family, const std::string& architecture,
                                    const GatedSize& size, const SizeChanges& changes) {
  const std::int64_t width = changes.width.value_or(size.width);
  const Heads heads = fewer_heads({size.heads, size.kv_heads}, width, size.width);
  nlohmann::ordered_json config = {
      {"architectures", {architecture}},
      {"bos_token_id", size.begin},
      {"dtype", nullptr},
      {"eos_token_id", size.end},
      {"head_dim", size.head_dim},
      {"hidden_size", width},
      {"initializer_range", 0.02},
      {"intermediate_size", scaled(size.feed_forward, width, size.width)},
      {"max_position_embeddings", changes.positions.value_or(size.positions)},
      {"model_type", family},
      {"num_attention_heads", heads.queries},
      {"num_hidden_layers", changes.layers.value_or(size.layers)},
      {"num_key_value_heads", heads.keys},
      {"rms_norm_eps", size.epsilon},
      {"rope_theta", size.theta},
      {"tie_word_embeddings", size.tied},
      {"use_cache", true},
      {"vocab_size", changes.vocabulary.value_or(size.vocabulary)}};
  fit_special_tokens(config);
  return config;
}

}  // namespace lorafleet::model
