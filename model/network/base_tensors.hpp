#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/network/family.hpp"

namespace lorafleet::model {

/// A tensor of a base as its files have it.
struct BaseTensor {
  enum class Kind {
    embedding,        ///< of tokens; its padding token's row is zero in a new base
    head,             ///< the output layer, where it is not the embedding
    positions,        ///< a learned table, of positions or of token types
    linear,           ///< a matrix
    residual_linear,  ///< a matrix whose output is added to the residual stream
    bias,             ///< of a matrix or a norm
    norm              ///< its weights
  };
  std::string name;
  std::vector<std::int64_t> shape;
  Kind kind = Kind::linear;

  [[nodiscard]] std::int64_t size() const;
  /// Whether it is held in the base's dtype; all others are held as float32.
  [[nodiscard]] bool is_matrix() const;
};

/// All tensors of a base, each once: a head that is the embedding is none of them, and a classifier
/// is the adapter's.
std::vector<BaseTensor> base_tensors(const BaseDescription& base);

}  // namespace lorafleet::model
