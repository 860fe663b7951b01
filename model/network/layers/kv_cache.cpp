#include "model/network/layers/kv_cache.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "model/device/device.hpp"
#include "model/device/staging.hpp"
#include "model/network/layers/index_tensor.hpp"
#include "model/network/rows/instruction_sets.hpp"
#include "model/network/rows/row_kernels.hpp"
#include "model/network/rows/small_product.hpp"
#include "model/network/rows/tensor_rows.hpp"

namespace lorafleet::model {
namespace {

/// Of one layer, and what its new tokens bring.
struct NewTokens {
  const AttentionShape& shape;
  const at::Tensor& keys;
  const at::Tensor& values;
  const at::Tensor& q;
  const at::Tensor& k;
  const at::Tensor& v;
};

/// For the query heads of one key and value head of the token at `place` of a sequence.
void attend_one(const NewTokens& own, std::int64_t sequence, std::int64_t head, std::int64_t place,
                const at::Tensor& out) {
  const AttentionShape& shape = own.shape;
  const std::int64_t dim = shape.head_dim, group = shape.group();
  const std::int64_t capacity = own.keys.size(2);
  const std::int64_t index = sequence * shape.kv_heads + head;
  float* keys = own.keys.data_ptr<float>() + index * dim * capacity;
  float* values = own.values.data_ptr<float>() + index * own.values.size(1) * dim;
  const float* key = rows_of(own.k, sequence).data + head * dim;
  for (std::int64_t j = 0; j < dim; ++j)
    keys[j * capacity + place] = key[j];
  std::copy_n(rows_of(own.v, sequence).data + head * dim, dim, values + place * dim);

  const std::int64_t first =
      shape.window > 0 ? std::max<std::int64_t>(0, place + 1 - shape.window) : 0;
  const std::int64_t count = place + 1 - first;
  const std::int64_t stride = first == 0 ? whole_vectors(count) : count;
  thread_local std::vector<float> scores;
  scores.resize(static_cast<std::size_t>(group * stride));
  const float* queries = rows_of(own.q, sequence).data + head * group * dim;
  small_product(group, stride, dim, {queries, dim, 1}, {keys + first, capacity},
                {scores.data(), stride}, false);
  full_softmax(scores.data(), group, count, stride, static_cast<float>(shape.scale));
  small_product(group, dim, count, {scores.data(), stride, 1}, {values + first * dim, dim},
                {rows_into(out, sequence).data + head * group * dim, dim}, false);
}

at::Tensor attend_all(const NewTokens& own, const std::vector<std::int64_t>& places) {
  constexpr std::int64_t kHeads = 8;  // of a thread at a time
  const at::Tensor out = at::empty(own.q.sizes(), own.q.options());
  const std::int64_t heads = own.shape.kv_heads;
  at::parallel_for(0, static_cast<std::int64_t>(places.size()) * heads, kHeads,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i) {
                       const std::int64_t sequence = i / heads;
                       attend_one(own, sequence, i % heads,
                                  places[static_cast<std::size_t>(sequence)], out);
                     }
                   });
  return out;
}

}  // namespace

KvCache::KvCache(std::vector<AttentionShape> layers, std::int64_t sequences, std::int64_t capacity,
                 at::Device device)
    : layers_(std::move(layers)), on_host_(computes_on_host(device)) {
  const auto options = at::dtype(at::kFloat).device(device);
  for (const AttentionShape& layer : layers_) {
    const std::int64_t heads = sequences * layer.kv_heads;
    keys_.push_back(on_host_ ? at::zeros({heads, layer.head_dim, whole_vectors(capacity)}, options)
                             : at::empty({heads, capacity, layer.head_dim}, options));
    values_.push_back(at::zeros({heads, capacity, layer.head_dim}, options));
  }
}

void KvCache::fill(std::int64_t layer, const at::Tensor& k, const at::Tensor& v,
                   const std::vector<std::int64_t>& offsets) {
  const std::int64_t heads = layers_[static_cast<std::size_t>(layer)].kv_heads;
  const std::int64_t dim = layers_[static_cast<std::size_t>(layer)].head_dim;
  const auto put = [&](const at::Tensor& cache, const at::Tensor& rows) {
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const std::int64_t length = offsets[i + 1] - offsets[i];
      cache.narrow(0, static_cast<std::int64_t>(i) * heads, heads)
          .narrow(1, 0, length)
          .copy_(rows.narrow(0, offsets[i], length).reshape({length, heads, dim}).transpose(0, 1));
    }
  };
  const at::Tensor& keys = keys_[static_cast<std::size_t>(layer)];
  put(on_host_ ? keys.transpose(1, 2) : keys, k);
  put(values_[static_cast<std::size_t>(layer)], v);
}

const at::Tensor& KvCache::lengths_there(const std::vector<std::int64_t>& lengths) {
  if (!lengths_there_.defined() || lengths_ != lengths) {
    lengths_ = lengths;
    lengths_there_ = staged(index_tensor(lengths_), keys_.front().device());
  }
  return lengths_there_;
}

at::Tensor KvCache::attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                           const at::Tensor& v, const std::vector<std::int64_t>& lengths) {
  const AttentionShape& shape = layers_[static_cast<std::size_t>(layer)];
  at::Tensor& keys = keys_[static_cast<std::size_t>(layer)];
  at::Tensor& values = values_[static_cast<std::size_t>(layer)];
  if (on_host_) {
    return attend_all({shape, keys, values, q, k, v}, lengths);
  }
  const auto sequences = static_cast<std::int64_t>(lengths.size());
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end()) + 1;
  const std::int64_t all = sequences * shape.kv_heads;

  const at::Tensor& before = lengths_there(lengths);
  const at::Tensor rows = at::arange(all, before.options());
  const at::Tensor place = before.unsqueeze(1).expand({-1, shape.kv_heads}).reshape({all});
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
