#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "model/network/config_reader.hpp"
#include "model/network/family.hpp"

namespace lorafleet::tests {

/// Of a small OPT, where weights do not matter.
inline model::ModelShape opt_shape(std::int64_t width, std::int64_t feed_forward,
                                   std::int64_t layers, std::int64_t embedding = 0) {
  const nlohmann::json config = {{"model_type", "opt"},
                                 {"vocab_size", 512},
                                 {"hidden_size", width},
                                 {"num_hidden_layers", layers},
                                 {"num_attention_heads", 2},
                                 {"ffn_dim", feed_forward},
                                 {"max_position_embeddings", 128},
                                 {"word_embed_proj_dim", embedding == 0 ? width : embedding}};
  return model::read_description(model::ConfigReader(config.dump(), "opt_shape")).shape;
}

/// For encoders, which know only these.
inline model::ModelShape encoder_shape(std::int64_t vocabulary, std::int64_t positions) {
  model::ModelShape shape = opt_shape(64, 256, 2);
  shape.vocabulary = vocabulary;
  shape.positions = positions;
  return shape;
}

}  // namespace lorafleet::tests
