#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/shape.hpp"

namespace lorafleet::model {

/// Keys and values of all layers for some sequences of different length. Internal to model/.
class KvCache {
 public:
  /// For `sequences` of at most `capacity` tokens each.
  KvCache(const ModelShape& shape, std::int64_t sequences, std::int64_t capacity,
          at::Device device);

  /// The first tokens of all sequences, one after the other: sequence i has the rows offsets[i] to
  /// offsets[i + 1] - 1 of k and v: [T, heads * head_dim].
  void fill(std::int64_t layer, const at::Tensor& k, const at::Tensor& v,
            const std::vector<std::int64_t>& offsets);
  /// Adds one token to each sequence and attends to it: q, k, v: [sequences, d]; sequence i has
  /// lengths[i] tokens before. Returns [sequences, d].
  at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                    const at::Tensor& v, const std::vector<std::int64_t>& lengths);
  /// Keeps the sequences named, in this order.
  void keep(const std::vector<std::int64_t>& sequences);

 private:
  std::int64_t heads_;
  std::int64_t dim_;
  std::vector<at::Tensor> keys_;  ///< a layer each: [sequences * heads, capacity, dim]
  std::vector<at::Tensor> values_;
};

}  // namespace lorafleet::model
