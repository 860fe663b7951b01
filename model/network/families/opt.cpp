#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/network/config_reader.hpp"
#include "model/network/families/equal_heads.hpp"
#include "model/network/families/new_size.hpp"
#include "model/network/family.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// facebook/opt-*: table 1 of the paper; their config.json.
struct OptSize {
  const char* name;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t hidden;
  std::int64_t embedding;
  bool norm_before;
};
constexpr OptSize kOptSizes[] = {{"opt-125m", 12, 12, 768, 768, true},
                                 {"opt-350m", 24, 16, 1024, 512, false},
                                 {"opt-1.3b", 24, 32, 2048, 2048, true},
                                 {"opt-2.7b", 32, 32, 2560, 2560, true},
                                 {"opt-6.7b", 32, 32, 4096, 4096, true}};

void set_linears(ModelShape& shape, const ConfigReader& config) {
  const std::int64_t d = shape.width;
  const std::int64_t e = shape.embedding;
  const std::int64_t wide = config.size("ffn_dim");
  const bool bias = config.boolean("enable_bias", true);
  using Role = LinearRole;
  shape.layer_path = "model.decoder.layers.";
  shape.layer_linears = {{"self_attn.q_proj", d, d, Role::query, bias},
                         {"self_attn.k_proj", d, d, Role::key, bias},
                         {"self_attn.v_proj", d, d, Role::value, bias},
                         {"self_attn.out_proj", d, d, Role::attention_output, bias},
                         {"fc1", d, wide, Role::up, bias},
                         {"fc2", wide, d, Role::down, bias}};
  if (e != d) {
    shape.other_linears = {{"model.decoder.project_in", e, d, Role::embedding_in},
                           {"model.decoder.project_out", d, e, Role::embedding_out}};
  }
}

void set_opt_shape(ModelShape& shape, const ConfigReader& config) {
  shape.family = "opt";
  shape.vocabulary = config.size("vocab_size");
  read_equal_heads(shape, config, "hidden_size", "num_attention_heads");
  shape.layers = config.size("num_hidden_layers", ConfigReader::kMostLayers);
  shape.embedding = config.integer("word_embed_proj_dim", shape.width, 1, ConfigReader::kMostSize);
  set_linears(shape, config);
  shape.positions = config.size("max_position_embeddings");
  shape.ends = config.tokens("eos_token_id", shape.vocabulary);
  if (shape.ends.empty()) shape.ends = {config.token("eos_token_id", 2, shape.vocabulary)};
  shape.padding = config.token("pad_token_id", 1, shape.vocabulary);
}

BaseDescription read_opt(const ConfigReader& config) {
  BaseDescription base;
  ModelShape& shape = base.shape;
  set_opt_shape(shape, config);
  NetworkParts& parts = base.parts;
  parts.prefix = "model.";
  parts.embedding = "model.decoder.embed_tokens";
  parts.positions = "model.decoder.embed_positions";
  parts.position_offset = 2;
  parts.norm.affine = config.boolean("layer_norm_elementwise_affine", true);
  parts.norms.attention = "self_attn_layer_norm";
  parts.norms.feed_forward = "final_layer_norm";
  parts.norms_last = !config.boolean("do_layer_norm_before", true);
  const bool removed = config.boolean("_remove_final_layer_norm", false);
  if (!parts.norms_last && !removed) parts.final_norm = "model.decoder.final_layer_norm";
  parts.attention.assign(static_cast<std::size_t>(shape.layers),
                         {shape.heads, shape.heads, shape.head_dim, usual_scale(shape.head_dim)});
  parts.activation = config.activation("activation_function", "relu");
  parts.head = "lm_head";
  parts.tied = config.boolean("tie_word_embeddings", true);
  parts.dropout.hidden = config.probability("dropout", 0.1);
  parts.dropout.attention = config.probability("attention_dropout", 0.0);
  parts.dropout.layer = config.probability("layerdrop", 0.0);
  parts.buffers = {"decoder.version", "model.decoder.version"};
  return base;
}

nlohmann::ordered_json opt_config(const std::string& name, const SizeChanges& changes) {
  const OptSize& size = size_named(kOptSizes, name);
  const std::int64_t width = changes.width.value_or(size.hidden);
  if (width % size.heads != 0) {
    throw InputError("--hidden", std::to_string(width) + " is not a multiple of the " +
                                     std::to_string(size.heads) + " heads");
  }
  const bool narrow = size.hidden != size.embedding;
  const std::int64_t embedding = changes.width ? (narrow ? width / 2 : width) : size.embedding;
  return {{"_remove_final_layer_norm", false},
          {"activation_function", "relu"},
          {"architectures", {"OPTForCausalLM"}},
          {"attention_dropout", 0.0},
          {"bos_token_id", 2},
          {"do_layer_norm_before", size.norm_before},
          {"dropout", 0.1},
          {"dtype", nullptr},
          {"enable_bias", true},
          {"eos_token_id", 2},
          {"ffn_dim", 4 * width},
          {"hidden_size", width},
          {"init_std", 0.02},
          {"layer_norm_elementwise_affine", true},
          {"layerdrop", 0.0},
          {"max_position_embeddings", changes.positions.value_or(2048)},
          {"model_type", "opt"},
          {"num_attention_heads", size.heads},
          {"num_hidden_layers", changes.layers.value_or(size.layers)},
          {"pad_token_id", 1},
          {"tie_word_embeddings", true},
          {"use_cache", true},
          {"vocab_size", changes.vocabulary.value_or(50272)},
          {"word_embed_proj_dim", embedding}};
}

}  // namespace

/// arXiv 2205.01068.
Family opt_family() {
  return {"opt", read_opt, names_of(kOptSizes), opt_config};
}

}  // namespace lorafleet::model
