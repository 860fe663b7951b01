#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "model/network/base_dropout.hpp"
#include "model/network/base_model.hpp"
#include "model/network/frozen_linear.hpp"
#include "model/network/lora.hpp"
#include "model/training/batching.hpp"

namespace lorafleet::model {

// Internal to model/: the frozen tensors of an OPT and its forward pass.

/// weight, bias: [d], float32; undefined without layer_norm_elementwise_affine.
struct LayerNorm {
  at::Tensor weight;
  at::Tensor bias;
};

struct DecoderLayer {
  LayerNorm attention_norm;
  FrozenLinear query, key, value, out;  ///< [d, d]
  FrozenLinear up;                      ///< [ffn, d]
  FrozenLinear down;                    ///< [d, ffn]
  LayerNorm final_norm;
};

/// The linear layer of this kind, one of a decoder layer's.
FrozenLinear& linear_of(DecoderLayer& layer, LinearKind kind);

struct BaseModel::Weights {
  at::Tensor embed_tokens;     ///< [V, e], in the model's dtype
  at::Tensor embed_positions;  ///< [positions + 2, d], float32
  FrozenLinear project_in;     ///< [d, e], undefined where e = d
  std::vector<DecoderLayer> layers;
  LayerNorm final_norm;
  bool has_final_norm = false;
  FrozenLinear project_out;  ///< [e, d], undefined where e = d
  at::Tensor head;           ///< [V, e]: embed_tokens where tied

  /// Where all of them lie, and where everything is computed.
  [[nodiscard]] at::Device device() const { return embed_tokens.device(); }
};

/// The linear layer at this place.
FrozenLinear& linear_at(BaseModel::Weights& weights, const ModulePlace& place);

/// Positions count from row 2 of their table.
inline constexpr std::int64_t position_offset = 2;

enum class Rows { all, labelled };

/// What goes into the head: [T, e], or [N, e] for the rows that predict a label. `lora` may be
/// null. Nothing after the last attention mixes rows, so from there on only the wanted ones are
/// computed. Gradients flow to the leaves of `lora` where grad mode is on. `hidden_states`, where
/// given, gets the embeddings and each layer's output, the last one replaced by the result, as in
/// Hugging Face.
at::Tensor opt_forward(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch, Rows rows,
                       std::vector<at::Tensor>* hidden_states = nullptr,
                       const BaseDropout& dropout = {});

// Pieces of it that the padded form (model/network/padded_opt.hpp) shares. `tokens` and `positions`
// may lie on the CPU whatever the device.
at::Tensor embed(const BaseModel& base, LoraLeaves* lora, const at::Tensor& tokens,
                 const at::Tensor& positions);
at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& norm);
at::Tensor adapted(const at::Tensor& x, const FrozenLinear& layer, LoraLeaves* lora,
                   std::int64_t index, LinearKind kind);
/// x [rows, d] with the base's dropout at `site`; null means none.
at::Tensor dropped(const at::Tensor& x, const BatchDropout* dropout, DropoutSite site,
                   std::int64_t layer);
/// The residual stream after the attention's output projection `y`: the layer's second half. x, y:
/// [rows, d].
at::Tensor finish_layer(const BaseModel& base, LoraLeaves* lora, std::int64_t index,
                        const at::Tensor& x, at::Tensor y, const BatchDropout* dropout = nullptr);
/// The decoder's last norm and project_out.
at::Tensor finish_decoder(const BaseModel& base, LoraLeaves* lora, const at::Tensor& x);

/// What one layer's attention makes of its queries, keys and values: q, k, v, result: [rows, d].
using Attention = std::function<at::Tensor(std::int64_t layer, const at::Tensor& q,
                                           const at::Tensor& k, const at::Tensor& v)>;

/// The whole decoder over `tokens` at `positions` ([rows], int64): [rows, e], or the rows named by
/// `wanted` where it is defined; the three may lie on the CPU. `dropout` is that of all rows,
/// `last_dropout` that of the last layer's second half; null means none.
at::Tensor decoder_forward(const BaseModel& base, LoraLeaves* lora, const at::Tensor& tokens,
                           const at::Tensor& positions, const Attention& attention,
                           const at::Tensor& wanted,
                           std::vector<at::Tensor>* hidden_states = nullptr,
                           const BatchDropout* dropout = nullptr,
                           const BatchDropout* last_dropout = nullptr);

/// A view of `values` as an int64 tensor on the CPU.
at::Tensor index_tensor(const std::vector<std::int64_t>& values);

}  // namespace lorafleet::model
