#pragma once

#include <cstdint>

#include "model/network/families/opt_config.hpp"

namespace lorafleet::tests {

/// Of a small OPT, where weights do not matter.
inline model::ModelShape opt_shape(std::int64_t width, std::int64_t feed_forward,
                                   std::int64_t layers, std::int64_t embedding = 0) {
  model::OptConfig config;
  config.vocab_size = 512;
  config.hidden_size = width;
  config.num_hidden_layers = layers;
  config.num_attention_heads = 2;
  config.ffn_dim = feed_forward;
  config.max_position_embeddings = 128;
  config.word_embed_proj_dim = embedding;
  return model::shape_of(config);
}

/// For encoders, which know only these.
inline model::ModelShape encoder_shape(std::int64_t vocabulary, std::int64_t positions) {
  model::ModelShape shape = opt_shape(64, 256, 2);
  shape.vocabulary = vocabulary;
  shape.positions = positions;
  return shape;
}

}  // namespace lorafleet::tests
