#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "model/network/layers/activation.hpp"
#include "model/network/layers/base_dropout.hpp"

namespace lorafleet::model {

/// How rows are normalised.
struct NormParts {
  enum class Kind { layer, rms };  ///< arXiv 1607.06450; arXiv 1910.07467
  Kind kind = Kind::layer;
  double epsilon = 1e-5;
  bool affine = true;
  bool one_plus = false;  ///< files hold the weights less 1, as Gemma's do
};

/// One layer's attention. Query head h reads the key and value head h / (heads / kv_heads).
struct AttentionShape {
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  std::int64_t head_dim = 1;
  float scale = 1.0f;       ///< of q k^T
  std::int64_t window = 0;  ///< tokens that a query sees, itself included; 0: all before it
  bool causal = true;       ///< else a query sees all of its sequence, and there is no window

  [[nodiscard]] std::int64_t group() const { return heads / kv_heads; }
};

/// 1 / sqrt(d), in float32.
inline float usual_scale(std::int64_t d) {
  return 1.0f / std::sqrt(static_cast<float>(d));
}

/// Rotary positions (arXiv 2104.09864): the first 2 * size() dimensions of each head turn, i with i
/// + size(), by frequency i times the position, in radians.
using RotaryFrequencies = std::vector<float>;

/// Which tensors norms have within a layer. Empty: there is no such norm.
struct LayerNorms {
  std::string attention;            ///< before it; after its sum where norms come last
  std::string attention_output;     ///< before the sum
  std::string feed_forward;         ///< as `attention`
  std::string feed_forward_output;  ///< before the sum
  std::string query;                ///< over each head, before its rotation
  std::string key;
};

/// A decoder put together: what a Network computes, and how a checkpoint calls its tensors. The
/// linear layers are in the shape, by their roles; with a gate, the feed-forward part is
/// down(act(gate x) * up x), without one down(act(up x)).
struct NetworkParts {
  std::string prefix;  ///< of all but the head; checkpoints of the model without it leave it out
  std::string embedding;
  double embedding_scale = 1.0;
  std::string positions;  ///< a learned table, or empty
  std::int64_t position_offset = 0;
  std::string token_types;            ///< a table whose first row is added everywhere, or empty
  std::int64_t token_type_count = 0;  ///< its rows
  std::string embedding_norm;         ///< over the sum of them, or empty

  NormParts norm;
  LayerNorms norms;
  bool norms_last = false;  ///< after each sum (arXiv 1706.03762), not before each half
  bool parallel = false;    ///< both halves of a layer read its input, and are added to it
  std::string final_norm;   ///< or empty

  std::vector<AttentionShape> attention;  ///< of each layer
  bool fused_by_head = false;  ///< query_key_value is [head][q, k, v][d], not [q, k, v][head][d]
  std::vector<RotaryFrequencies> rotary;
  std::vector<std::size_t> rotary_of;  ///< of each layer, an index; empty: none turns

  Activation activation = Activation::relu;
  std::string head;   ///< the output layer's name; of a classifier, in the shape, empty
  bool tied = false;  ///< it is the embedding; where files lack this, the embedding is the head
  DropoutRates dropout;

  std::vector<std::string> buffers;        ///< tensors that files may hold and nobody needs
  std::vector<std::string> layer_buffers;  ///< the same, within each layer
  bool shrinks_residual_init = false;  ///< new weights onto the residual stream: 0.02 / sqrt(2 L)
};

}  // namespace lorafleet::model
