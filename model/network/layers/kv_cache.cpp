#include "model/network/layers/kv_cache.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "model/network/layers/index_tensor.hpp"

namespace lorafleet::model {

KvCache::KvCache(std::vector<AttentionShape> layers, std::int64_t sequences, std::int64_t capacity,
                 at::Device device)
    : layers_(std::move(layers)) {
  const auto options = at::dtype(at::kFloat).device(device);
  for (const AttentionShape& layer : layers_) {
    const std::vector<std::int64_t> sizes = {sequences * layer.kv_heads, capacity, layer.head_dim};
    keys_.push_back(at::empty(sizes, options));
    values_.push_back(at::zeros(sizes, options));
  }
}

void KvCache::fill(std::int64_t layer, const at::Tensor& k, const at::Tensor& v,
                   const std::vector<std::int64_t>& offsets) {
  const std::int64_t heads = layers_[static_cast<std::size_t>(layer)].kv_heads;
  const std::int64_t dim = layers_[static_cast<std::size_t>(layer)].head_dim;
  const auto put = [&](at::Tensor& cache, const at::Tensor& rows) {
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const std::int64_t length = offsets[i + 1] - offsets[i];
      cache.narrow(0, static_cast<std::int64_t>(i) * heads, heads)
          .narrow(1, 0, length)
          .copy_(rows.narrow(0, offsets[i], length).reshape({length, heads, dim}).transpose(0, 1));
    }
  };
  put(keys_[static_cast<std::size_t>(layer)], k);
  put(values_[static_cast<std::size_t>(layer)], v);
}

at::Tensor KvCache::attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                           const at::Tensor& v, const std::vector<std::int64_t>& lengths) {
  const AttentionShape& shape = layers_[static_cast<std::size_t>(layer)];
  at::Tensor& keys = keys_[static_cast<std::size_t>(layer)];
  at::Tensor& values = values_[static_cast<std::size_t>(layer)];
  const auto sequences = static_cast<std::int64_t>(lengths.size());
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end()) + 1;
  const std::int64_t all = sequences * shape.kv_heads;

  const at::Tensor before = index_tensor(lengths).to(keys.device());
  const at::Tensor rows = at::arange(all, before.options());
  const at::Tensor place = before.repeat_interleave(shape.kv_heads);
  keys.index_put_({rows, place}, k.reshape({all, shape.head_dim}));
  values.index_put_({rows, place}, v.reshape({all, shape.head_dim}));

  at::Tensor scores = at::bmm(q.reshape({all, shape.group(), shape.head_dim}),
                              keys.narrow(1, 0, longest).transpose(1, 2));
  scores.mul_(shape.scale);
  const at::Tensor key = at::arange(longest, before.options()).unsqueeze(0);
  at::Tensor unseen = key.gt(place.unsqueeze(1));
  if (shape.window > 0) unseen = unseen.logical_or(key.le(place.unsqueeze(1) - shape.window));
  scores.masked_fill_(unseen.unsqueeze(1), -std::numeric_limits<float>::infinity());
  return at::bmm(at::softmax(scores, -1), values.narrow(1, 0, longest))
      .view({sequences, shape.heads * shape.head_dim});
}

void KvCache::keep(const std::vector<std::int64_t>& sequences) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const std::int64_t heads = layers_[layer].kv_heads;
    std::vector<std::int64_t> rows;
    for (const std::int64_t sequence : sequences) {
      for (std::int64_t h = 0; h < heads; ++h)
        rows.push_back(sequence * heads + h);
    }
    const at::Tensor kept = index_tensor(rows).to(keys_[layer].device());
    keys_[layer] = keys_[layer].index_select(0, kept);
    values_[layer] = values_[layer].index_select(0, kept);
  }
}

}  // namespace lorafleet::model
