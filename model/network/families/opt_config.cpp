#include "model/network/families/opt_config.hpp"

#include <algorithm>
#include <vector>

#include "model/network/config_reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

const std::vector<std::string> kActivations = {
    "relu",       "relu2", "relu6", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh",
    "quick_gelu", "silu",  "swish", "mish", "tanh",     "sigmoid"};

}  // namespace

OptConfig read_opt_config(const ConfigReader& reader) {
  OptConfig config;
  config.vocab_size = reader.size("vocab_size");
  config.hidden_size = reader.size("hidden_size");
  config.num_hidden_layers = reader.size("num_hidden_layers", ConfigReader::kMostLayers);
  config.num_attention_heads = reader.size("num_attention_heads");
  config.ffn_dim = reader.size("ffn_dim");
  config.max_position_embeddings = reader.size("max_position_embeddings");
  config.word_embed_proj_dim =
      reader.integer("word_embed_proj_dim", config.hidden_size, 1, ConfigReader::kMostSize);
  if (config.hidden_size % config.num_attention_heads != 0) {
    reader.refuse("num_attention_heads",
                  std::to_string(config.num_attention_heads) +
                      " does not divide hidden_size = " + std::to_string(config.hidden_size));
  }

  config.do_layer_norm_before = reader.boolean("do_layer_norm_before", config.do_layer_norm_before);
  config.remove_final_layer_norm =
      reader.boolean("_remove_final_layer_norm", config.remove_final_layer_norm);
  config.enable_bias = reader.boolean("enable_bias", config.enable_bias);
  config.layer_norm_elementwise_affine =
      reader.boolean("layer_norm_elementwise_affine", config.layer_norm_elementwise_affine);
  config.tie_word_embeddings = reader.boolean("tie_word_embeddings", config.tie_word_embeddings);
  config.dropout = reader.probability("dropout", config.dropout);
  config.attention_dropout = reader.probability("attention_dropout", config.attention_dropout);
  config.layerdrop = reader.probability("layerdrop", config.layerdrop);

  config.activation_function = reader.string("activation_function", config.activation_function);
  if (std::find(kActivations.begin(), kActivations.end(), config.activation_function) ==
      kActivations.end()) {
    reader.refuse("activation_function", "\"" + config.activation_function +
                                             "\" is not supported; allowed: " + join(kActivations));
  }

  config.bos_token_id = reader.token("bos_token_id", config.bos_token_id, config.vocab_size);
  config.eos_token_id = reader.token("eos_token_id", config.eos_token_id, config.vocab_size);
  config.pad_token_id = reader.token("pad_token_id", config.pad_token_id, config.vocab_size);
  return config;
}

ModelShape shape_of(const OptConfig& config) {
  const std::int64_t d = config.hidden_size;
  const std::int64_t e = config.word_embed_proj_dim == 0 ? d : config.word_embed_proj_dim;
  ModelShape shape;
  shape.family = "opt";
  shape.vocabulary = config.vocab_size;
  shape.width = d;
  shape.embedding = e;
  shape.layers = config.num_hidden_layers;
  shape.heads = config.num_attention_heads;
  shape.kv_heads = config.num_attention_heads;
  shape.head_dim = config.num_attention_heads == 0 ? 0 : d / config.num_attention_heads;
  shape.positions = config.max_position_embeddings;
  shape.begin = config.bos_token_id;
  shape.ends = {config.eos_token_id};
  shape.padding = config.pad_token_id;
  shape.layer_path = "model.decoder.layers.";
  shape.layer_linears = {{"self_attn.q_proj", d, d}, {"self_attn.k_proj", d, d},
                         {"self_attn.v_proj", d, d}, {"self_attn.out_proj", d, d},
                         {"fc1", d, config.ffn_dim}, {"fc2", config.ffn_dim, d}};
  if (e != d) {
    shape.other_linears = {{"model.decoder.project_in", e, d}, {"model.decoder.project_out", d, e}};
  }
  return shape;
}

}  // namespace lorafleet::model
