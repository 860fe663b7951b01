#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "model/network/base_dropout.hpp"
#include "model/network/frozen_linear.hpp"

namespace lorafleet::model {

class LoraLeaves;

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

/// The network of one family. Never changed once it is shared.
class Network {
 public:
  virtual ~Network() = default;

  /// Another one over the same tensors.
  [[nodiscard]] virtual std::unique_ptr<Network> clone() const = 0;

  /// What goes into the head: [rows, e], or the wanted rows of it; training, scoring and generation
  /// differ in `attention` only. Nothing after the last attention mixes rows, so from there on only
  /// the wanted ones are computed. Gradients flow to the leaves of `lora` where grad mode is on.
  /// Hidden states are the embeddings and each layer's output, the last one replaced by the result,
  /// as in Hugging Face.
  [[nodiscard]] virtual at::Tensor forward(const DecoderInput& input,
                                           const Attention& attention) const = 0;

  /// x: [rows, in] through a module of the shape, with its LoRA factors where there are any. Each
  /// call may draw a dropout mask: the order of calls counts.
  [[nodiscard]] at::Tensor linear(std::size_t module, const at::Tensor& x, LoraLeaves* lora) const;

  /// Where all tensors lie, and where everything is computed.
  [[nodiscard]] at::Device device() const { return head.device(); }

  std::vector<FrozenLinear> linears;  ///< by module of the shape
  at::Tensor head;                    ///< [V, e], in the base's dtype
  DropoutRates dropout;               ///< of the base's own dropout in training

 protected:
  Network() = default;
  Network(const Network&) = default;
  Network& operator=(const Network&) = delete;
};

/// A view of `values` as an int64 tensor on the CPU.
at::Tensor index_tensor(const std::vector<std::int64_t>& values);

}  // namespace lorafleet::model
