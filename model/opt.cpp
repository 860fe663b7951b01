#include "model/opt.hpp"

#include <torch/torch.h>

#include "model/packed_attention.hpp"

namespace lorafleet::model {
namespace {

at::Tensor activate(at::Tensor x, const std::string& name) {
  if (name == "relu") return x.relu_();
  return at::gelu(x, name == "gelu_new" ? "tanh" : "none");
}

}  // namespace

at::Tensor index_tensor(const std::vector<std::int64_t>& values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kLong);
}

at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& norm) {
  return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, 1e-5);
}

at::Tensor adapted(const at::Tensor& x, const FrozenLinear& layer, LoraLeaves* lora,
                   std::int64_t index, LinearKind kind) {
  if (lora == nullptr || !lora->factors(index, kind).defined()) return linear(x, layer);
  return lora_linear(x, layer, lora->factors(index, kind), lora->dropout_mask(x));
}

at::Tensor embed(const BaseModel& base, const at::Tensor& tokens, const at::Tensor& positions) {
  const BaseModel::Weights& weights = base.weights();
  at::Tensor x = at::index_select(weights.embed_tokens, 0, tokens).to(at::kFloat);
  if (weights.project_in.weight.defined()) {
    x = linear(x, weights.project_in);
  }
  return x.add_(at::index_select(weights.embed_positions, 0, positions + position_offset));
}

at::Tensor finish_layer(const BaseModel& base, LoraLeaves* lora, std::int64_t index,
                        const at::Tensor& x, at::Tensor y) {
  const DecoderLayer& layer = base.weights().layers[static_cast<std::size_t>(index)];
  const bool norm_first = base.config().do_layer_norm_before;
  at::Tensor h = y.add_(x);
  if (!norm_first) h = layer_norm(h, layer.attention_norm);
  at::Tensor up = adapted(norm_first ? layer_norm(h, layer.final_norm) : h, layer.up, lora, index,
                          LinearKind::fc1);
  up = activate(std::move(up), base.config().activation_function);
  h = adapted(up, layer.down, lora, index, LinearKind::fc2).add_(h);
  return norm_first ? h : layer_norm(h, layer.final_norm);
}

at::Tensor finish_decoder(const BaseModel& base, const at::Tensor& x) {
  const BaseModel::Weights& weights = base.weights();
  const at::Tensor h = weights.has_final_norm ? layer_norm(x, weights.final_norm) : x;
  return weights.project_out.weight.defined() ? linear(h, weights.project_out) : h;
}

at::Tensor decoder_forward(const BaseModel& base, LoraLeaves* lora, const at::Tensor& tokens,
                           const at::Tensor& positions, const Attention& attention,
                           const at::Tensor& wanted, std::vector<at::Tensor>* hidden_states) {
  const OptConfig& config = base.config();
  at::Tensor x = embed(base, tokens, positions);  // [T, d]
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const DecoderLayer& layer = base.weights().layers[static_cast<std::size_t>(i)];
    if (hidden_states != nullptr) hidden_states->push_back(x);
    const at::Tensor h = config.do_layer_norm_before ? layer_norm(x, layer.attention_norm) : x;
    // One after the other: each may draw a dropout mask.
    const at::Tensor q = adapted(h, layer.query, lora, i, LinearKind::q_proj);
    const at::Tensor k = adapted(h, layer.key, lora, i, LinearKind::k_proj);
    const at::Tensor v = adapted(h, layer.value, lora, i, LinearKind::v_proj);
    at::Tensor mixed = attention(i, q, k, v);
    if (wanted.defined() && i + 1 == config.num_hidden_layers) {
      mixed = mixed.index_select(0, wanted);
      x = x.index_select(0, wanted);
    }
    x = finish_layer(base, lora, i, x, adapted(mixed, layer.out, lora, i, LinearKind::out_proj));
  }
  x = finish_decoder(base, x);
  if (hidden_states != nullptr) hidden_states->push_back(x);
  return x;
}

at::Tensor opt_forward(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch, Rows rows,
                       std::vector<at::Tensor>* hidden_states) {
  const std::int64_t heads = base.config().num_attention_heads;
  const Attention attention = [&](std::int64_t, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) {
    return packed_attention(q, k, v, batch.offsets, heads);
  };
  return decoder_forward(
      base, lora, index_tensor(batch.tokens), index_tensor(batch.positions), attention,
      rows == Rows::labelled ? index_tensor(batch.label_rows) : at::Tensor(), hidden_states);
}

}  // namespace lorafleet::model
