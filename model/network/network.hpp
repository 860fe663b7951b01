#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <vector>

#include "model/network/layers/base_dropout.hpp"
#include "model/network/layers/frozen_linear.hpp"
#include "model/network/layers/index_tensor.hpp"
#include "model/network/layers/linear_group.hpp"
#include "model/network/layers/norm.hpp"
#include "model/network/layers/parts.hpp"
#include "model/network/layers/rotary.hpp"
#include "model/network/packing_choice.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

class LoraLeaves;
class WeightReader;
struct BaseDescription;

// Internal to model/: the frozen tensors of a base and its forward pass.

/// What one layer's attention makes of its queries, keys and values. q, result: [rows, heads *
/// head_dim]; k, v: [rows, kv_heads * head_dim].
using Attention = std::function<at::Tensor(std::int64_t layer, const at::Tensor& q,
                                           const at::Tensor& k, const at::Tensor& v)>;

/// What goes through a decoder. All tensors may lie on the CPU whatever the device.
struct DecoderInput {
  at::Tensor tokens;           ///< [rows], int64
  at::Tensor positions;        ///< [rows], int64, from 0 in each sequence
  at::Tensor wanted = {};      ///< the rows that are asked for, int64; undefined: all
  LoraLeaves* lora = nullptr;  ///< null: the base alone
  std::vector<at::Tensor>* hidden_states = nullptr;  ///< gets them, where given
  const BatchDropout* dropout = nullptr;             ///< of all rows; null: none
  const BatchDropout* last_dropout = nullptr;        ///< of the last layer's second half
};

/// A base of any family, put together from its parts. Never changed once it is shared.
class Network {
 public:
  /// Throws as WeightReader.
  Network(const BaseDescription& base, WeightReader& reader, Packing packing);
  /// Another one over the same tensors.
  Network(const Network&) = default;
  Network& operator=(const Network&) = delete;

  /// What goes into the head: [rows, e], or the wanted rows of it; training, scoring and generation
  /// differ in `attention` only. Nothing after the last attention mixes rows, so from there on only
  /// the wanted ones are computed. Gradients flow to the leaves of `lora` where grad mode is on.
  /// Hidden states are the embeddings and each layer's output, the last one replaced by the result,
  /// as in Hugging Face.
  [[nodiscard]] at::Tensor forward(const DecoderInput& input, const Attention& attention) const;

  /// Where all tensors lie, and where everything is computed.
  [[nodiscard]] at::Device device() const { return embedding_.device(); }
  /// In which rows go through the layers in training and scoring: float32 on the host, and wherever
  /// the weights are not bfloat16, as they are.
  [[nodiscard]] at::ScalarType working_type() const;
  /// Whether values that are float32 wait for the backward pass in bfloat16: on the host, where the
  /// weights are.
  [[nodiscard]] bool keeps_rounded() const;
  /// Of each layer.
  [[nodiscard]] const std::vector<AttentionShape>& attention() const { return parts_.attention; }
  /// Of the base's own dropout in training.
  [[nodiscard]] const DropoutRates& dropout() const { return parts_.dropout; }

  /// Norms of one layer; those that it has not are undefined. And the linear layers that read the
  /// same rows.
  struct Layer {
    Norm attention;
    Norm attention_output;
    Norm feed_forward;
    Norm feed_forward_output;
    Norm query;
    Norm key;
    LinearGroup attention_in;  ///< query, key, value, or the three in one
    LinearGroup attention_out;
    LinearGroup feed_forward_in;  ///< gate and up, or up
    LinearGroup feed_forward_out;
  };

  [[nodiscard]] const NetworkParts& parts() const { return parts_; }
  [[nodiscard]] const std::vector<Layer>& layers() const { return layers_; }
  [[nodiscard]] const Norm& final_norm() const { return final_norm_; }
  /// The linear layer on the embedding, or before the head.
  [[nodiscard]] const LinearGroup& embedding_in() const { return embedding_in_; }
  [[nodiscard]] const LinearGroup& embedding_out() const { return embedding_out_; }
  /// What goes into the first layer: [rows, d]; the token embeddings are [rows, e].
  [[nodiscard]] at::Tensor embedded(const at::Tensor& tokens) const;
  void add_positions(at::Tensor& x, const at::Tensor& positions) const;
  /// The frequencies of parts().rotary, where the base lies.
  [[nodiscard]] const std::vector<at::Tensor>& rotary() const { return rotary_; }
  /// Over what goes into the first layer; without a weight where there is none.
  [[nodiscard]] const Norm& embedding_norm() const { return embedding_norm_; }
  /// The files' own classifier, its tensors in the order of the shape, float32; empty where they
  /// have none, or the base is no classifier.
  [[nodiscard]] const std::vector<at::Tensor>& classifier() const { return classifier_; }
  /// Of a base that is a classifier; throws std::bad_optional_access for others.
  [[nodiscard]] const ClassifierShape& classifier_shape() const {
    return classifier_shape_.value();
  }

  /// Lays the weights of each group one after the other, so that they are one matrix; after weights
  /// have changed.
  void fuse();

  std::vector<FrozenLinear> linears;  ///< by module of the shape
  FrozenLinear head;                  ///< [V, e]; undefined in a classifier

 private:
  struct QueriesKeysValues {
    at::Tensor q;
    at::Tensor k;
    at::Tensor v;
  };

  void load_embedding(const ModelShape& shape, WeightReader& reader);
  void load_layer(const ModelShape& shape, std::int64_t index, WeightReader& reader);
  void load_head(const ModelShape& shape, WeightReader& reader);
  void load_classifier(const ClassifierShape& shape, WeightReader& reader);

  /// x: [rows, in] through a module of the shape, with its LoRA factors where there are any. Each
  /// call may draw a dropout mask: the order of calls counts.
  [[nodiscard]] at::Tensor linear(std::size_t module, const at::Tensor& x, LoraLeaves* lora) const;
  /// The same for the layer's module of a role.
  [[nodiscard]] at::Tensor linear(std::int64_t layer, LinearRole role, const at::Tensor& x,
                                  LoraLeaves* lora) const;
  [[nodiscard]] bool has(LinearRole role) const;
  void fuse_layer(std::int64_t index);
  void group(LinearGroup& linear_group, std::int64_t layer,
             std::initializer_list<LinearRole> roles);

  /// [rows, d].
  [[nodiscard]] at::Tensor embed(const DecoderInput& input) const;
  /// Of the rows h that go into a layer's attention.
  [[nodiscard]] QueriesKeysValues project(std::int64_t index, const at::Tensor& h,
                                          LoraLeaves* lora) const;
  [[nodiscard]] QueriesKeysValues split(const at::Tensor& fused, const AttentionShape& shape) const;
  [[nodiscard]] at::Tensor feed_forward(std::int64_t index, const at::Tensor& h,
                                        LoraLeaves* lora) const;
  /// The residual stream after a layer, from what goes into it and what its attention's output
  /// projection made of this: [rows, d] each.
  [[nodiscard]] at::Tensor finish_layer(std::int64_t index, const at::Tensor& x, at::Tensor y,
                                        LoraLeaves* lora, const BatchDropout* dropout) const;
  /// After the last layer.
  [[nodiscard]] at::Tensor finish(const at::Tensor& x, LoraLeaves* lora) const;

  static constexpr std::size_t kRoles = static_cast<std::size_t>(LinearRole::embedding_out) + 1;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  NetworkParts parts_;
  std::size_t layer_linears_ = 0;
  bool packs_ = false;
  /// Where the module of a role stands: within its layer, or, around the layers, among all.
  std::array<std::size_t, kRoles> module_of_{};
  at::Tensor embedding_;  ///< [V, e], in the base's dtype
  at::Tensor positions_;  ///< [positions + offset, d], float32; with the token type's row
  std::vector<at::Tensor> rotary_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
  Norm final_norm_;
  std::vector<at::Tensor> classifier_;
  std::optional<ClassifierShape> classifier_shape_;
  LinearGroup embedding_in_;
  LinearGroup embedding_out_;
};

}  // namespace lorafleet::model
