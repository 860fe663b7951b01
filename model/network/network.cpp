#include "model/network/network.hpp"

#include <ATen/ATen.h>

#include <string>
#include <utility>

#include "model/adapter/starting_adapter.hpp"
#include "model/device/device.hpp"
#include "model/network/family.hpp"
#include "model/network/layers/activate.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/layers/row_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/memory.hpp"
#include "model/network/weight_reader.hpp"

namespace lorafleet::model {

Network::Network(const BaseDescription& base, WeightReader& reader, Packing packing)
    : parts_(base.parts), classifier_shape_(base.shape.classifier) {
  const ModelShape& shape = base.shape;
  layer_linears_ = shape.layer_linears.size();
  module_of_.fill(kNone);
  for (std::size_t i = 0; i < layer_linears_; ++i)
    module_of_[static_cast<std::size_t>(shape.layer_linears[i].role)] = i;
  // Of all matrices as numbers, since a base change makes layers plain that are quantised now.
  packs_ = keeps_packed(base, packing);
  const std::size_t around = static_cast<std::size_t>(shape.layers) * layer_linears_;
  for (std::size_t i = 0; i < shape.other_linears.size(); ++i)
    module_of_[static_cast<std::size_t>(shape.other_linears[i].role)] = around + i;

  if (!reader.has_under(parts_.prefix)) reader.leave_out(parts_.prefix);
  load_embedding(shape, reader);
  for (const RotaryFrequencies& frequencies : parts_.rotary)
    rotary_.push_back(at::tensor(at::ArrayRef<float>(frequencies), at::kFloat).to(device()));
  for (std::int64_t i = 0; i < shape.layers; ++i)
    load_layer(shape, i, reader);
  for (const LinearShape& around_layers : shape.other_linears)
    linears.push_back(reader.linear(around_layers.name, around_layers));
  group(embedding_in_, 0, {LinearRole::embedding_in});
  group(embedding_out_, 0, {LinearRole::embedding_out});
  if (!parts_.final_norm.empty()) {
    final_norm_ = reader.norm(parts_.final_norm, shape.width, parts_.norm);
  }
  if (shape.classifier) {
    load_classifier(*shape.classifier, reader);
  } else {
    load_head(shape, reader);
  }
  for (const std::string& buffer : parts_.buffers) {
    reader.skip(buffer);
    reader.skip_weight(buffer);
  }
}

void Network::load_embedding(const ModelShape& shape, WeightReader& reader) {
  const std::string own = parts_.embedding + ".weight";
  const std::string head_name = parts_.head + ".weight";
  const bool by_head = parts_.tied && !reader.has(own) && reader.has(head_name);
  embedding_ = reader.matrix(by_head ? head_name : own, shape.vocabulary, shape.embedding);
  if (parts_.positions.empty()) return;
  positions_ = reader.matrix_float32(parts_.positions + ".weight",
                                     shape.positions + parts_.position_offset, shape.width);
  if (!parts_.token_types.empty()) {
    positions_.add_(
        reader.matrix_float32(parts_.token_types + ".weight", parts_.token_type_count, shape.width)
            .select(0, 0));
  }
  if (!parts_.embedding_norm.empty()) {
    embedding_norm_ = reader.norm(parts_.embedding_norm, shape.width, parts_.norm);
  }
}

void Network::load_layer(const ModelShape& shape, std::int64_t index, WeightReader& reader) {
  const std::string path = shape.layer_path + std::to_string(index) + ".";
  const auto norm = [&](const std::string& name, std::int64_t size) {
    return name.empty() ? Norm{} : reader.norm(path + name, size, parts_.norm);
  };
  const LayerNorms& names = parts_.norms;
  Layer layer;
  layer.attention = norm(names.attention, shape.width);
  layer.attention_output = norm(names.attention_output, shape.width);
  layer.feed_forward = norm(names.feed_forward, shape.width);
  layer.feed_forward_output = norm(names.feed_forward_output, shape.width);
  layer.query = norm(names.query, shape.head_dim);
  layer.key = norm(names.key, shape.head_dim);
  layers_.push_back(std::move(layer));
  for (const LinearShape& own : shape.layer_linears)
    linears.push_back(reader.linear(path + own.name, own));
  for (const std::string& buffer : parts_.layer_buffers)
    reader.skip_weight(path + buffer);
  fuse_layer(index);
}

void Network::fuse() {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    fuse_layer(static_cast<std::int64_t>(i));
  }
  group(embedding_in_, 0, {LinearRole::embedding_in});
  group(embedding_out_, 0, {LinearRole::embedding_out});
}

void Network::fuse_layer(std::int64_t index) {
  using Role = LinearRole;
  Layer& layer = layers_[static_cast<std::size_t>(index)];
  group(layer.attention_in, index, {Role::query, Role::key, Role::value, Role::query_key_value});
  group(layer.attention_out, index, {Role::attention_output});
  group(layer.feed_forward_in, index, {Role::gate, Role::up});
  group(layer.feed_forward_out, index, {Role::down});
}

void Network::group(LinearGroup& linear_group, std::int64_t layer,
                    std::initializer_list<LinearRole> roles) {
  linear_group.modules.clear();
  for (const LinearRole role : roles) {
    if (!has(role)) continue;
    const std::size_t module = module_of_[static_cast<std::size_t>(role)];
    linear_group.modules.push_back(static_cast<std::size_t>(layer) * layer_linears_ + module);
  }
  linear_group.fuse(linears, packs_);
}

void Network::load_head(const ModelShape& shape, WeightReader& reader) {
  if (parts_.tied) {
    reader.skip(parts_.head + ".weight");
    head.weight = embedding_;
  } else {
    head.weight = reader.matrix(parts_.head + ".weight", shape.vocabulary, shape.embedding);
  }
  if (packs_) head.packed = packed_weights(head.weight);
}

at::ScalarType Network::working_type() const {
  const bool narrow = !computes_on_host(device()) && embedding_.scalar_type() == at::kBFloat16;
  return narrow ? at::kBFloat16 : at::kFloat;
}

bool Network::keeps_rounded() const {
  return computes_on_host(device()) && embedding_.scalar_type() == at::kBFloat16;
}

void Network::load_classifier(const ClassifierShape& shape, WeightReader& reader) {
  if (!has_classifier(reader.checkpoint(), shape)) return;
  for (const WholeTensor& tensor : shape.tensors)
    classifier_.push_back(reader.float32(tensor.name, tensor.shape));
}

at::Tensor Network::linear(std::size_t module, const at::Tensor& x, LoraLeaves* lora) const {
  const FrozenLinear& layer = linears[module];
  if (lora == nullptr || !lora->factors(module).defined()) return model::linear(x, layer);
  return lora_linear(x, layer, lora->factors(module),
                     dropout_mask(lora->dropout(), x.sizes(), x.device()));
}

at::Tensor Network::linear(std::int64_t layer, LinearRole role, const at::Tensor& x,
                           LoraLeaves* lora) const {
  const std::size_t module = module_of_[static_cast<std::size_t>(role)];
  return linear(static_cast<std::size_t>(layer) * layer_linears_ + module, x, lora);
}

bool Network::has(LinearRole role) const {
  return module_of_[static_cast<std::size_t>(role)] != kNone;
}

at::Tensor Network::embedded(const at::Tensor& tokens) const {
  at::Tensor x = at::index_select(embedding_, 0, tokens.to(device())).to(at::kFloat);
  if (parts_.embedding_scale != 1.0) x.mul_(parts_.embedding_scale);
  return x;
}

void Network::add_positions(at::Tensor& x, const at::Tensor& positions) const {
  if (!positions_.defined()) return;
  x.add_(at::index_select(positions_, 0, positions.to(device()) + parts_.position_offset));
}

at::Tensor Network::embed(const DecoderInput& input) const {
  at::Tensor x = embedded(input.tokens);
  if (has(LinearRole::embedding_in)) {
    x = linear(module_of_[static_cast<std::size_t>(LinearRole::embedding_in)], x, input.lora);
  }
  add_positions(x, input.positions);
  if (embedding_norm_.weight.defined()) x = normalised(x, embedding_norm_);
  return dropped(x, input.dropout, DropoutSite::embedding, 0);
}

Network::QueriesKeysValues Network::split(const at::Tensor& fused,
                                          const AttentionShape& shape) const {
  const std::int64_t q = shape.heads * shape.head_dim;
  const std::int64_t kv = shape.kv_heads * shape.head_dim;
  if (!parts_.fused_by_head) {
    return {fused.narrow(1, 0, q), fused.narrow(1, q, kv), fused.narrow(1, q + kv, kv)};
  }
  const at::Tensor heads = fused.view({fused.size(0), shape.heads, 3, shape.head_dim});
  const auto part = [&](std::int64_t i) { return heads.select(2, i).reshape({fused.size(0), q}); };
  return {part(0), part(1), part(2)};
}

Network::QueriesKeysValues Network::project(std::int64_t index, const at::Tensor& h,
                                            LoraLeaves* lora) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  QueriesKeysValues x;
  if (has(LinearRole::query_key_value)) {
    x = split(linear(index, LinearRole::query_key_value, h, lora),
              parts_.attention[static_cast<std::size_t>(index)]);
  } else {
    // One after the other: each may draw a dropout mask.
    x.q = linear(index, LinearRole::query, h, lora);
    x.k = linear(index, LinearRole::key, h, lora);
    x.v = linear(index, LinearRole::value, h, lora);
  }
  if (layer.query.weight.defined()) x.q = normalised_heads(x.q, layer.query);
  if (layer.key.weight.defined()) x.k = normalised_heads(x.k, layer.key);
  return x;
}

at::Tensor Network::feed_forward(std::int64_t index, const at::Tensor& h, LoraLeaves* lora) const {
  at::Tensor wide;
  if (has(LinearRole::gate)) {
    const at::Tensor gate = activate(linear(index, LinearRole::gate, h, lora), parts_.activation);
    wide = gate * linear(index, LinearRole::up, h, lora);
  } else {
    wide = activate(linear(index, LinearRole::up, h, lora), parts_.activation);
  }
  return linear(index, LinearRole::down, wide, lora);
}

at::Tensor Network::finish_layer(std::int64_t index, const at::Tensor& x, at::Tensor y,
                                 LoraLeaves* lora, const BatchDropout* dropout) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerNorms& names = parts_.norms;
  if (!names.attention_output.empty()) y = normalised(y, layer.attention_output);
  at::Tensor h = dropped(y, dropout, DropoutSite::attention_output, index).add_(x);
  if (parts_.norms_last) h = normalised(h, layer.attention);
  const at::Tensor& read = parts_.parallel ? x : h;
  at::Tensor z =
      feed_forward(index, parts_.norms_last ? read : normalised(read, layer.feed_forward), lora);
  if (!names.feed_forward_output.empty()) z = normalised(z, layer.feed_forward_output);
  h = dropped(z, dropout, DropoutSite::feed_forward, index).add_(h);
  return parts_.norms_last ? normalised(h, layer.feed_forward) : h;
}

at::Tensor Network::finish(const at::Tensor& x, LoraLeaves* lora) const {
  at::Tensor h = parts_.final_norm.empty() ? x : normalised(x, final_norm_);
  if (!has(LinearRole::embedding_out)) return h;
  return linear(module_of_[static_cast<std::size_t>(LinearRole::embedding_out)], h, lora);
}

at::Tensor Network::forward(const DecoderInput& input, const Attention& attention) const {
  const at::Tensor wanted = input.wanted.defined() ? input.wanted.to(device()) : input.wanted;
  const auto layers = static_cast<std::int64_t>(layers_.size());
  std::vector<Rotation> rotations;
  for (const at::Tensor& frequencies : rotary_)
    rotations.push_back(rotation_at(input.positions.to(device()), frequencies));
  at::Tensor x = embed(input);
  for (std::int64_t i = 0; i < layers; ++i) {
    const auto own = static_cast<std::size_t>(i);
    if (input.hidden_states != nullptr) input.hidden_states->push_back(x);
    const bool narrows = wanted.defined() && i + 1 == layers;
    if (input.dropout != nullptr && input.dropout->jobs.front().skips(i)) {
      if (narrows) x = x.index_select(0, wanted);
      continue;
    }
    QueriesKeysValues heads =
        project(i, parts_.norms_last ? x : normalised(x, layers_[own].attention), input.lora);
    if (!parts_.rotary_of.empty()) {
      const Rotation& rotation = rotations[parts_.rotary_of[own]];
      const std::int64_t dim = parts_.attention[own].head_dim;
      heads.q = rotated(heads.q, rotation, dim);
      heads.k = rotated(heads.k, rotation, dim);
    }
    at::Tensor mixed = attention(i, heads.q, heads.k, heads.v);
    heads = {};
    if (narrows) {
      mixed = mixed.index_select(0, wanted);
      x = x.index_select(0, wanted);
    }
    x = finish_layer(i, x, linear(i, LinearRole::attention_output, mixed, input.lora), input.lora,
                     narrows ? input.last_dropout : input.dropout);
  }
  x = finish(x, input.lora);
  if (input.hidden_states != nullptr) input.hidden_states->push_back(x);
  return x;
}

}  // namespace lorafleet::model
