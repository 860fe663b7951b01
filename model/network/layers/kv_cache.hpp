#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/layers/parts.hpp"

namespace lorafleet::model {

/// Keys and values of all layers for some sequences of different length. Internal to model/.
class KvCache {
 public:
  /// For `sequences` of at most `capacity` tokens each.
  KvCache(std::vector<AttentionShape> layers, std::int64_t sequences, std::int64_t capacity,
          at::Device device);

  /// The first tokens of all sequences, one after the other: sequence i has the rows offsets[i] to
  /// offsets[i + 1] - 1 of k and v: [T, kv_heads * head_dim].
  void fill(std::int64_t layer, const at::Tensor& k, const at::Tensor& v,
            const std::vector<std::int64_t>& offsets);
  /// Adds one token to each sequence and attends to it: q: [sequences, heads * head_dim], k, v:
  /// [sequences, kv_heads * head_dim]; sequence i has lengths[i] tokens before. Returns [sequences,
  /// heads * head_dim].
  at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                    const at::Tensor& v, const std::vector<std::int64_t>& lengths);
  /// Keeps the sequences named, in this order.
  void keep(const std::vector<std::int64_t>& sequences);

 private:
  /// Those of the last call, on the device: all layers of a step ask for the same.
  const at::Tensor& lengths_there(const std::vector<std::int64_t>& lengths);

  std::vector<AttentionShape> layers_;
  bool on_host_;
  std::vector<std::int64_t> lengths_;
  at::Tensor lengths_there_;
  /// Of each layer: [sequences * kv_heads, capacity, head_dim]; on the host [sequences * kv_heads,
  /// head_dim, capacity or more].
  std::vector<at::Tensor> keys_;
  std::vector<at::Tensor> values_;  ///< of each layer: [sequences * kv_heads, capacity, head_dim]
};

}  // namespace lorafleet::model
