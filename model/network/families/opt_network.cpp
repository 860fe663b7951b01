#include "model/network/families/opt_network.hpp"

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "model/network/activation.hpp"
#include "model/network/layer_norm.hpp"
#include "model/network/network.hpp"
#include "model/network/row_dropout.hpp"
#include "model/network/weight_reader.hpp"

namespace lorafleet::model {
namespace {

/// Positions count from row 2 of their table.
constexpr std::int64_t kPositionOffset = 2;

struct DecoderLayer {
  LayerNorm attention_norm;
  LayerNorm final_norm;
};

class OptNetwork final : public Network {
 public:
  explicit OptNetwork(OptConfig config) : config_(std::move(config)) {
    dropout = {config_.dropout, config_.attention_dropout, config_.layerdrop};
  }

  void load(WeightReader& reader);

  [[nodiscard]] std::unique_ptr<Network> clone() const override {
    return std::make_unique<OptNetwork>(*this);
  }

  [[nodiscard]] at::Tensor forward(const DecoderInput& input,
                                   const Attention& attention) const override;

 private:
  /// [rows, d].
  [[nodiscard]] at::Tensor embed(const DecoderInput& input) const;
  /// The residual stream after the attention's output projection `y`: the layer's second half. x,
  /// y: [rows, d].
  [[nodiscard]] at::Tensor finish_layer(std::int64_t index, const at::Tensor& x,
                                        const at::Tensor& y, LoraLeaves* lora,
                                        const BatchDropout* rows_dropout) const;
  /// The decoder's last norm and project_out.
  [[nodiscard]] at::Tensor finish(const at::Tensor& x, LoraLeaves* lora) const;

  [[nodiscard]] at::Tensor adapted(std::int64_t layer, OptLinear linear_layer, const at::Tensor& x,
                                   LoraLeaves* lora) const {
    return linear(
        static_cast<std::size_t>(layer) * kOptLinears + static_cast<std::size_t>(linear_layer), x,
        lora);
  }
  [[nodiscard]] bool has_projections() const {
    return config_.word_embed_proj_dim != config_.hidden_size;
  }
  [[nodiscard]] std::size_t project_in() const { return layers_.size() * kOptLinears; }
  [[nodiscard]] std::size_t project_out() const { return project_in() + 1; }

  OptConfig config_;
  at::Tensor embed_tokens_;     ///< [V, e], in the base's dtype
  at::Tensor embed_positions_;  ///< [positions + 2, d], float32
  std::vector<DecoderLayer> layers_;
  bool has_final_norm_ = false;
  LayerNorm final_norm_;
};

void OptNetwork::load(WeightReader& reader) {
  const ModelShape shape = shape_of(config_);
  const std::int64_t d = shape.width;
  const bool affine = config_.layer_norm_elementwise_affine;
  if (!reader.has("model.decoder.embed_tokens.weight")) reader.leave_out("model.");
  embed_tokens_ =
      reader.matrix("model.decoder.embed_tokens.weight", shape.vocabulary, shape.embedding);
  embed_positions_ = reader.matrix_float32("model.decoder.embed_positions.weight",
                                           shape.positions + kPositionOffset, d);
  std::vector<FrozenLinear> projections;
  for (const LinearShape& projection : shape.other_linears)
    projections.push_back(reader.linear(projection.name, projection, false));
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    const std::string name = shape.layer_path + std::to_string(i) + ".";
    DecoderLayer layer;
    layer.attention_norm = reader.norm(name + "self_attn_layer_norm", d, affine);
    layer.final_norm = reader.norm(name + "final_layer_norm", d, affine);
    layers_.push_back(std::move(layer));
    for (const LinearShape& own : shape.layer_linears)
      linears.push_back(reader.linear(name + own.name, own, config_.enable_bias));
  }
  linears.insert(linears.end(), projections.begin(), projections.end());
  has_final_norm_ = config_.do_layer_norm_before && !config_.remove_final_layer_norm;
  if (has_final_norm_) final_norm_ = reader.norm("model.decoder.final_layer_norm", d, affine);
  if (config_.tie_word_embeddings) {
    reader.skip("lm_head.weight");
    head = embed_tokens_;
  } else {
    head = reader.matrix("lm_head.weight", shape.vocabulary, shape.embedding);
  }
  for (const char* buffer : {"decoder.version", "model.decoder.version"})
    reader.skip(buffer);
}

at::Tensor OptNetwork::embed(const DecoderInput& input) const {
  at::Tensor x = at::index_select(embed_tokens_, 0, input.tokens.to(device())).to(at::kFloat);
  if (has_projections()) x = linear(project_in(), x, input.lora);
  return x.add_(
      at::index_select(embed_positions_, 0, input.positions.to(device()) + kPositionOffset));
}

at::Tensor OptNetwork::finish_layer(std::int64_t index, const at::Tensor& x, const at::Tensor& y,
                                    LoraLeaves* lora, const BatchDropout* rows_dropout) const {
  const DecoderLayer& layer = layers_[static_cast<std::size_t>(index)];
  const bool norm_first = config_.do_layer_norm_before;
  at::Tensor h = dropped(y, rows_dropout, DropoutSite::attention_output, index).add_(x);
  if (!norm_first) h = layer_norm(h, layer.attention_norm);
  at::Tensor up =
      adapted(index, OptLinear::up, norm_first ? layer_norm(h, layer.final_norm) : h, lora);
  up = activate(std::move(up), config_.activation_function);
  h = dropped(adapted(index, OptLinear::down, up, lora), rows_dropout, DropoutSite::feed_forward,
              index)
          .add_(h);
  return norm_first ? h : layer_norm(h, layer.final_norm);
}

at::Tensor OptNetwork::finish(const at::Tensor& x, LoraLeaves* lora) const {
  const at::Tensor h = has_final_norm_ ? layer_norm(x, final_norm_) : x;
  return has_projections() ? linear(project_out(), h, lora) : h;
}

at::Tensor OptNetwork::forward(const DecoderInput& input, const Attention& attention) const {
  const at::Tensor wanted = input.wanted.defined() ? input.wanted.to(device()) : input.wanted;
  const auto layers = static_cast<std::int64_t>(layers_.size());
  at::Tensor x = embed(input);
  for (std::int64_t i = 0; i < layers; ++i) {
    const DecoderLayer& layer = layers_[static_cast<std::size_t>(i)];
    if (input.hidden_states != nullptr) input.hidden_states->push_back(x);
    const bool narrows = wanted.defined() && i + 1 == layers;
    if (input.dropout != nullptr && input.dropout->base.skips(i)) {
      if (narrows) x = x.index_select(0, wanted);
      continue;
    }
    const at::Tensor h = config_.do_layer_norm_before ? layer_norm(x, layer.attention_norm) : x;
    // One after the other: each may draw a dropout mask.
    const at::Tensor q = adapted(i, OptLinear::query, h, input.lora);
    const at::Tensor k = adapted(i, OptLinear::key, h, input.lora);
    const at::Tensor v = adapted(i, OptLinear::value, h, input.lora);
    at::Tensor mixed = attention(i, q, k, v);
    if (narrows) {
      mixed = mixed.index_select(0, wanted);
      x = x.index_select(0, wanted);
    }
    x = finish_layer(i, x, adapted(i, OptLinear::out, mixed, input.lora), input.lora,
                     narrows ? input.last_dropout : input.dropout);
  }
  x = finish(x, input.lora);
  if (input.hidden_states != nullptr) input.hidden_states->push_back(x);
  return x;
}

}  // namespace

std::unique_ptr<Network> load_opt(const OptConfig& config, WeightReader& reader) {
  auto network = std::make_unique<OptNetwork>(config);
  network->load(reader);
  return network;
}

}  // namespace lorafleet::model
