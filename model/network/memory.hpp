#pragma once

#include <cstdint>

#include "model/adapter/adapter.hpp"
#include "model/files/dtype.hpp"
#include "model/network/family.hpp"
#include "model/network/packing_choice.hpp"

namespace lorafleet::model {

/// Weights of a base, each once: a head that is the embedding is not counted again.
std::int64_t parameters(const BaseDescription& base);

/// Bytes of a base in memory: matrices in `dtype`, or those of linear layers in `kind`; norms,
/// biases and learned positions in float32, whatever the files have.
std::int64_t base_bytes(const BaseDescription& base, DType dtype,
                        Quantization kind = Quantization::none);

/// Bytes of the largest matrix that becomes numbers for its product: of the linear layers that read
/// the same rows together. 0 where nothing is quantised.
std::int64_t dense_bytes(const BaseDescription& base, DType dtype, Quantization kind);

/// Whether a bfloat16 base keeps copies on this CPU (rows/onednn_product.hpp), one for each
/// direction of its products. `small`: where they take no more than 1 GiB, since what they save is
/// not worth any amount of memory.
bool keeps_packed(const BaseDescription& base, Packing packing);

/// Bytes of these copies. What is quantised has none.
std::int64_t packed_bytes(const BaseDescription& base, Quantization kind = Quantization::none);

/// Bytes of an adapter while a job trains it, float32 all of it: its weights twice (as flat values
/// that the network reads, and as the optimiser's), those that it started from, gradients twice (of
/// a step, and of a part of it), and AdamW's two moments. SGD has one of these, or none.
std::int64_t adapter_bytes(const AdapterLayout& adapter);

/// An estimate of the most bytes that one step's activations take (model/network/step): what the
/// backward pass needs of every layer from the first adapted one up, and the largest of what is
/// there only for a while.
///
/// `rows`: tokens that go through the network together. Attention keeps no probabilities, so the
/// length of a sequence does not matter. Counted as if all tokens predicted a label; without what
/// the memory allocator, oneDNN and LibTorch keep for themselves.
/// `dtype` is the base's: with bfloat16 most of what is kept is too. `recomputes`: of each layer
/// only what goes in is kept, and all of one at a time.
std::int64_t activation_bytes(const BaseDescription& base, const AdapterLayout& adapter,
                              DType dtype, std::int64_t rows, bool recomputes = false);

/// An estimate of the same on a GPU, where several jobs may share a pass and rows are of `dtype`
/// (of float16 float32): with what the allocator keeps beside it. Within a sixth of what an H200
/// had in use for opt-125m, opt-1.3b and llama-3.2-1b (bench/gpu).
std::int64_t device_activation_bytes(const BaseDescription& base, const AdapterLayout& adapter,
                                     DType dtype, std::int64_t rows, bool recomputes = false);

/// An estimate of the same where examples are scored: nothing is kept.
std::int64_t device_scoring_bytes(const BaseDescription& base, DType dtype, std::int64_t rows);

}  // namespace lorafleet::model
