#include "tests/model/network/padded_forward.hpp"

#include <ATen/ATen.h>

#include <limits>
#include <vector>

#include "model/network/network.hpp"

namespace lorafleet::tests {
namespace {

using model::BaseDropout;
using model::DropoutSite;
using model::index_tensor;

/// [rows * columns, d] -> [rows, heads, columns, head_dim].
at::Tensor split_heads(const at::Tensor& x, const PaddedBatch& batch, std::int64_t heads) {
  return x.reshape({batch.rows, batch.columns, heads, x.size(1) / heads}).transpose(1, 2);
}

/// As many heads as queries have.
at::Tensor for_queries(const at::Tensor& x, const model::AttentionShape& shape) {
  return x.repeat_interleave(shape.group(), 1);
}

/// [rows, 1, columns, columns]: the lowest float where a query may not look.
at::Tensor attention_mask(const at::Tensor& mask, const PaddedBatch& batch, std::int64_t window) {
  at::Tensor causal =
      at::ones({batch.columns, batch.columns}, mask.options().dtype(at::kBool)).tril();
  if (window > 0) causal = causal.triu(1 - window);
  const at::Tensor seen = causal.unsqueeze(0) & mask.to(at::kBool).unsqueeze(1);
  return at::zeros(seen.sizes(), mask.options().dtype(at::kFloat))
      .masked_fill(seen.logical_not(), std::numeric_limits<float>::lowest())
      .unsqueeze(1);
}

/// p: [rows, heads, columns, columns].
at::Tensor dropped_weights(const at::Tensor& p, const BaseDropout& dropout, std::int64_t layer) {
  if (dropout.probability(DropoutSite::attention_weights) == 0.0) return p;
  const at::Tensor mask = at::ones(p.sizes(), at::kFloat);
  const auto width = static_cast<std::size_t>(p.size(3));
  float* row = mask.data_ptr<float>();
  for (std::int64_t sequence = 0; sequence < p.size(0); ++sequence) {
    for (std::int64_t head = 0; head < p.size(1); ++head) {
      for (std::int64_t query = 0; query < p.size(2); ++query, row += width) {
        dropout.apply({row, width}, DropoutSite::attention_weights, layer, head, sequence, query);
      }
    }
  }
  return p * mask.to(p.device());
}

}  // namespace

at::Tensor padded_logits(const model::BaseModel& base, model::LoraLeaves* lora,
                         const PaddedBatch& batch, const BaseDropout& dropout) {
  const model::ModelShape& shape = base.shape();
  const at::Tensor mask =
      index_tensor(batch.mask).to(base.network().device()).view({batch.rows, batch.columns});
  const model::Attention attention = [&](std::int64_t layer, const at::Tensor& q,
                                         const at::Tensor& k, const at::Tensor& v) {
    const model::AttentionShape& own = base.network().attention()[static_cast<std::size_t>(layer)];
    const at::Tensor keys = for_queries(split_heads(k, batch, own.kv_heads), own);
    const at::Tensor values = for_queries(split_heads(v, batch, own.kv_heads), own);
    const at::Tensor scores =
        at::matmul(split_heads(q, batch, own.heads) * own.scale, keys.transpose(2, 3));
    const at::Tensor hidden_from = attention_mask(mask, batch, own.window);
    const at::Tensor p = dropped_weights(at::softmax(scores + hidden_from, -1), dropout, layer);
    return at::matmul(p, values).transpose(1, 2).reshape({-1, shape.heads * shape.head_dim});
  };
  std::vector<std::int64_t> offsets = {0};
  while (offsets.back() < batch.rows * batch.columns) {
    offsets.push_back(offsets.back() + batch.columns);
  }
  const model::BatchDropout rows(dropout, offsets);
  // Padding's position is -1, for which only OPT's table has a row.
  at::Tensor positions = (mask.cumsum(1) * mask - 1).view({-1});
  if (shape.family != "opt") positions = positions.clamp_min(0);
  model::DecoderInput input{index_tensor(batch.tokens), positions};
  input.lora = lora;
  input.dropout = &rows;
  return model::linear(base.network().forward(input, attention), base.network().head)
      .view({batch.rows, batch.columns, shape.vocabulary});
}

at::Tensor padded_loss(const at::Tensor& logits, const PaddedBatch& batch) {
  const at::Tensor labels =
      index_tensor(batch.labels).to(logits.device()).view({batch.rows, batch.columns});
  return at::cross_entropy_loss(
      logits.narrow(1, 0, batch.columns - 1).reshape({-1, logits.size(2)}),
      labels.narrow(1, 1, batch.columns - 1).reshape({-1}));
}

}  // namespace lorafleet::tests
