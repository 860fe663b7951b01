#include "model/network/kv_cache.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/network/network.hpp"

namespace lorafleet::model {

KvCache::KvCache(const ModelShape& shape, std::int64_t sequences, std::int64_t capacity,
                 at::Device device)
    : heads_(shape.heads), dim_(shape.head_dim) {
  const auto options = at::dtype(at::kFloat).device(device);
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    keys_.push_back(at::empty({sequences * heads_, capacity, dim_}, options));
    values_.push_back(at::zeros({sequences * heads_, capacity, dim_}, options));
  }
}

void KvCache::fill(std::int64_t layer, const at::Tensor& k, const at::Tensor& v,
                   const std::vector<std::int64_t>& offsets) {
  const auto put = [&](at::Tensor& cache, const at::Tensor& rows) {
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const std::int64_t length = offsets[i + 1] - offsets[i];
      cache.narrow(0, static_cast<std::int64_t>(i) * heads_, heads_)
          .narrow(1, 0, length)
          .copy_(rows.narrow(0, offsets[i], length).view({length, heads_, dim_}).transpose(0, 1));
    }
  };
  put(keys_[static_cast<std::size_t>(layer)], k);
  put(values_[static_cast<std::size_t>(layer)], v);
}

at::Tensor KvCache::attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                           const at::Tensor& v, const std::vector<std::int64_t>& lengths) {
  at::Tensor& keys = keys_[static_cast<std::size_t>(layer)];
  at::Tensor& values = values_[static_cast<std::size_t>(layer)];
  const auto sequences = static_cast<std::int64_t>(lengths.size());
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end()) + 1;

  const at::Tensor before = index_tensor(lengths).to(keys.device());
  const at::Tensor rows = at::arange(sequences * heads_, before.options());
  const at::Tensor place = before.repeat_interleave(heads_);
  const std::vector<std::int64_t> shape = {sequences * heads_, dim_};
  keys.index_put_({rows, place}, k.reshape(shape));
  values.index_put_({rows, place}, v.reshape(shape));

  at::Tensor scores =
      at::bmm(q.reshape({sequences * heads_, 1, dim_}), keys.narrow(1, 0, longest).transpose(1, 2));
  scores.mul_(1.0 / std::sqrt(static_cast<double>(dim_)));
  const at::Tensor beyond =
      at::arange(longest, before.options()).unsqueeze(0).gt(place.unsqueeze(1));
  scores.masked_fill_(beyond.unsqueeze(1), -std::numeric_limits<float>::infinity());
  return at::bmm(at::softmax(scores, -1), values.narrow(1, 0, longest))
      .view({sequences, heads_ * dim_});
}

void KvCache::keep(const std::vector<std::int64_t>& sequences) {
  std::vector<std::int64_t> rows;
  for (const std::int64_t sequence : sequences) {
    for (std::int64_t h = 0; h < heads_; ++h)
      rows.push_back(sequence * heads_ + h);
  }
  for (auto* cache : {&keys_, &values_}) {
    for (at::Tensor& layer : *cache)
      layer = layer.index_select(0, index_tensor(rows).to(layer.device()));
  }
}

}  // namespace lorafleet::model
