#include "model/network/opt.hpp"

#include <torch/torch.h>

#include "model/network/packed_attention.hpp"

namespace lorafleet::model {
namespace {

at::Tensor activate(at::Tensor x, const std::string& name) {
  if (name == "relu") return x.relu_();
  if (name == "relu2") return at::relu(x).square();
  if (name == "relu6") return at::relu6(x);
  if (name == "gelu") return at::gelu(x);
  if (name == "quick_gelu") return x * at::sigmoid(x * 1.702);
  if (name == "silu" || name == "swish") return at::silu(x);
  if (name == "mish") return at::mish(x);
  if (name == "tanh") return at::tanh(x);
  if (name == "sigmoid") return at::sigmoid(x);
  return at::gelu(x, "tanh");  // gelu_new, gelu_fast, gelu_pytorch_tanh
}

}  // namespace

at::Tensor index_tensor(const std::vector<std::int64_t>& values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kLong);
}

FrozenLinear& linear_of(DecoderLayer& layer, LinearKind kind) {
  switch (kind) {
    case LinearKind::q_proj:
      return layer.query;
    case LinearKind::k_proj:
      return layer.key;
    case LinearKind::v_proj:
      return layer.value;
    case LinearKind::out_proj:
      return layer.out;
    case LinearKind::fc1:
      return layer.up;
    default:
      return layer.down;
  }
}

FrozenLinear& linear_at(BaseModel::Weights& weights, const ModulePlace& place) {
  if (place.kind == LinearKind::project_in) return weights.project_in;
  if (place.kind == LinearKind::project_out) return weights.project_out;
  return linear_of(weights.layers[static_cast<std::size_t>(place.layer)], place.kind);
}

at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& norm) {
  return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, 1e-5);
}

at::Tensor adapted(const at::Tensor& x, const FrozenLinear& layer, LoraLeaves* lora,
                   std::int64_t index, LinearKind kind) {
  if (lora == nullptr || !lora->factors(index, kind).defined()) return linear(x, layer);
  return lora_linear(x, layer, lora->factors(index, kind), lora->dropout_mask(x));
}

at::Tensor embed(const BaseModel& base, LoraLeaves* lora, const at::Tensor& tokens,
                 const at::Tensor& positions) {
  const BaseModel::Weights& weights = base.weights();
  const at::Device device = weights.device();
  at::Tensor x = at::index_select(weights.embed_tokens, 0, tokens.to(device)).to(at::kFloat);
  if (weights.project_in.weight.defined()) {
    x = adapted(x, weights.project_in, lora, 0, LinearKind::project_in);
  }
  return x.add_(
      at::index_select(weights.embed_positions, 0, positions.to(device) + position_offset));
}

at::Tensor dropped(const at::Tensor& x, const BatchDropout* dropout, DropoutSite site,
                   std::int64_t layer) {
  const double p = dropout == nullptr ? 0.0 : dropout->base.probability(site);
  if (p == 0.0) return x;
  at::Tensor mask = at::ones(x.sizes(), at::kFloat);
  const auto width = static_cast<std::size_t>(x.size(1));
  for (std::size_t i = 0; i < dropout->rows.size(); ++i) {
    dropout->base.apply({mask.data_ptr<float>() + i * width, width}, site, layer, 0,
                        dropout->rows[i].sequence, dropout->rows[i].index);
  }
  return x * mask.to(x.device(), at::kBool) * (1.0 / (1.0 - p));
}

at::Tensor finish_layer(const BaseModel& base, LoraLeaves* lora, std::int64_t index,
                        const at::Tensor& x, at::Tensor y, const BatchDropout* dropout) {
  const DecoderLayer& layer = base.weights().layers[static_cast<std::size_t>(index)];
  const bool norm_first = base.config().do_layer_norm_before;
  at::Tensor h = dropped(y, dropout, DropoutSite::attention_output, index).add_(x);
  if (!norm_first) h = layer_norm(h, layer.attention_norm);
  at::Tensor up = adapted(norm_first ? layer_norm(h, layer.final_norm) : h, layer.up, lora, index,
                          LinearKind::fc1);
  up = activate(std::move(up), base.config().activation_function);
  h = dropped(adapted(up, layer.down, lora, index, LinearKind::fc2), dropout,
              DropoutSite::feed_forward, index)
          .add_(h);
  return norm_first ? h : layer_norm(h, layer.final_norm);
}

at::Tensor finish_decoder(const BaseModel& base, LoraLeaves* lora, const at::Tensor& x) {
  const BaseModel::Weights& weights = base.weights();
  const at::Tensor h = weights.has_final_norm ? layer_norm(x, weights.final_norm) : x;
  if (!weights.project_out.weight.defined()) return h;
  return adapted(h, weights.project_out, lora, 0, LinearKind::project_out);
}

at::Tensor decoder_forward(const BaseModel& base, LoraLeaves* lora, const at::Tensor& tokens,
                           const at::Tensor& positions, const Attention& attention,
                           const at::Tensor& wanted_rows, std::vector<at::Tensor>* hidden_states,
                           const BatchDropout* dropout, const BatchDropout* last_dropout) {
  const OptConfig& config = base.config();
  const at::Tensor wanted =
      wanted_rows.defined() ? wanted_rows.to(base.weights().device()) : wanted_rows;
  at::Tensor x = embed(base, lora, tokens, positions);  // [T, d]
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const DecoderLayer& layer = base.weights().layers[static_cast<std::size_t>(i)];
    if (hidden_states != nullptr) hidden_states->push_back(x);
    const bool narrows = wanted.defined() && i + 1 == config.num_hidden_layers;
    if (dropout != nullptr && dropout->base.skips(i)) {
      if (narrows) x = x.index_select(0, wanted);
      continue;
    }
    const at::Tensor h = config.do_layer_norm_before ? layer_norm(x, layer.attention_norm) : x;
    // One after the other: each may draw a dropout mask.
    const at::Tensor q = adapted(h, layer.query, lora, i, LinearKind::q_proj);
    const at::Tensor k = adapted(h, layer.key, lora, i, LinearKind::k_proj);
    const at::Tensor v = adapted(h, layer.value, lora, i, LinearKind::v_proj);
    at::Tensor mixed = attention(i, q, k, v);
    if (narrows) {
      mixed = mixed.index_select(0, wanted);
      x = x.index_select(0, wanted);
    }
    x = finish_layer(base, lora, i, x, adapted(mixed, layer.out, lora, i, LinearKind::out_proj),
                     narrows ? last_dropout : dropout);
  }
  x = finish_decoder(base, lora, x);
  if (hidden_states != nullptr) hidden_states->push_back(x);
  return x;
}

at::Tensor opt_forward(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch, Rows rows,
                       std::vector<at::Tensor>* hidden_states, const BaseDropout& dropout) {
  const std::int64_t heads = base.config().num_attention_heads;
  const Attention attention = [&](std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) {
    return packed_attention(q, k, v, batch.offsets, heads, {dropout, layer});
  };
  const bool labelled = rows == Rows::labelled;
  const BatchDropout all(dropout, batch.offsets);
  const BatchDropout last = labelled ? all.only(batch.label_rows) : all;
  return decoder_forward(base, lora, index_tensor(batch.tokens), index_tensor(batch.positions),
                         attention, labelled ? index_tensor(batch.label_rows) : at::Tensor(),
                         hidden_states, &all, &last);
}

}  // namespace lorafleet::model
