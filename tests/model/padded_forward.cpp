#include "model/network/padded_opt.hpp"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "model/network/opt.hpp"

namespace lorafleet::model {
namespace {

/// [rows * columns, d] -> [rows, heads, columns, head_dim].
at::Tensor split_heads(const at::Tensor& x, const PaddedBatch& batch, std::int64_t heads) {
  return x.view({batch.rows, batch.columns, heads, x.size(1) / heads}).transpose(1, 2);
}

/// [rows, 1, columns, columns]: the lowest float where a query may not look.
at::Tensor attention_mask(const at::Tensor& mask, const PaddedBatch& batch) {
  const at::Tensor causal =
      at::ones({batch.columns, batch.columns}, mask.options().dtype(at::kBool)).tril();
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

at::Tensor padded_logits(const BaseModel& base, LoraLeaves* lora, const PaddedBatch& batch,
                         const BaseDropout& dropout) {
  const OptConfig& config = base.config();
  const at::Tensor mask =
      index_tensor(batch.mask).to(base.weights().device()).view({batch.rows, batch.columns});
  const at::Tensor positions = (mask.cumsum(1) * mask - 1).view({-1});
  const at::Tensor hidden_from = attention_mask(mask, batch);
  const std::int64_t heads = config.num_attention_heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(config.head_dim()));

  std::vector<std::int64_t> offsets = {0};
  while (offsets.back() < batch.rows * batch.columns) {
    offsets.push_back(offsets.back() + batch.columns);
  }
  const BatchDropout rows(dropout, offsets);
  at::Tensor x = embed(base, lora, index_tensor(batch.tokens), positions);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    if (dropout.skips(i)) continue;
    const DecoderLayer& layer = base.weights().layers[static_cast<std::size_t>(i)];
    const at::Tensor h = config.do_layer_norm_before ? layer_norm(x, layer.attention_norm) : x;
    const at::Tensor q =
        split_heads(adapted(h, layer.query, lora, i, LinearKind::q_proj), batch, heads);
    const at::Tensor k =
        split_heads(adapted(h, layer.key, lora, i, LinearKind::k_proj), batch, heads);
    const at::Tensor v =
        split_heads(adapted(h, layer.value, lora, i, LinearKind::v_proj), batch, heads);
    const at::Tensor weights =
        at::softmax(at::matmul(q * scale, k.transpose(2, 3)) + hidden_from, -1);
    const at::Tensor p = dropped_weights(weights, dropout, i);
    const at::Tensor mixed = at::matmul(p, v).transpose(1, 2).reshape({-1, config.hidden_size});
    x = finish_layer(base, lora, i, x, adapted(mixed, layer.out, lora, i, LinearKind::out_proj),
                     &rows);
  }
  return linear(finish_decoder(base, lora, x), {base.weights().head, {}})
      .view({batch.rows, batch.columns, config.vocab_size});
}

at::Tensor padded_loss(const at::Tensor& logits, const PaddedBatch& batch) {
  const at::Tensor labels =
      index_tensor(batch.labels).to(logits.device()).view({batch.rows, batch.columns});
  return at::cross_entropy_loss(
      logits.narrow(1, 0, batch.columns - 1).reshape({-1, logits.size(2)}),
      labels.narrow(1, 1, batch.columns - 1).reshape({-1}));
}

}  // namespace lorafleet::model
