#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/shape.hpp"

namespace lorafleet::model {

class ConfigReader;

/// What `config.json` of an OPT checkpoint says. Names as in Hugging Face's OPTConfig.
struct OptConfig {
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t ffn_dim = 0;
  std::int64_t max_position_embeddings = 0;
  std::int64_t word_embed_proj_dim = 0;  ///< hidden_size where absent
  bool do_layer_norm_before = true;
  bool remove_final_layer_norm = false;
  bool enable_bias = true;
  bool layer_norm_elementwise_affine = true;
  bool tie_word_embeddings = true;
  std::string activation_function = "relu";
  double dropout = 0.1;
  double attention_dropout = 0.0;
  double layerdrop = 0.0;
  std::int32_t bos_token_id = 2;
  std::int32_t eos_token_id = 2;
  std::int32_t pad_token_id = 1;
};

/// Throws InputError that names the file, the key and what is allowed.
OptConfig read_opt_config(const ConfigReader& reader);

/// Where the projections of a narrower embedding are linear layers too, after the others.
ModelShape shape_of(const OptConfig& config);

/// The linear layers of a decoder layer, as shape_of lists them.
enum class OptLinear : std::size_t { query, key, value, out, up, down };
inline constexpr std::size_t kOptLinears = 6;

}  // namespace lorafleet::model
