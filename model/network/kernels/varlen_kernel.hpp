#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace lorafleet::model {

/// Attention inside each of several sequences that lie one after the other. Internal to model/.
struct VarlenCall {
  at::Tensor q;  ///< [T, heads, dim], rows may lie apart, values of a row may not
  at::Tensor k;  ///< [T, kv_heads, dim]
  at::Tensor v;
  at::Tensor starts;  ///< int32 [sequences + 1], beside q: first row of each, and the last's end
  std::int64_t longest = 0;  ///< of the sequences, in rows
  double scale = 1.0;        ///< of q k^T
  bool causal = true;        ///< queries see keys up to their own
  std::int64_t window = 0;   ///< this many of them; 0: all
};

/// What a forward pass gives; the backward pass needs all of it. Rows outside of all sequences hold
/// anything.
struct VarlenResult {
  at::Tensor out;       ///< [T, heads, dim], contiguous
  at::Tensor log_sums;  ///< of the exponentials of a row, in the kernel's own form
  at::Tensor random;    ///< what dropout would need
  at::Tensor more_random;

  [[nodiscard]] bool defined() const { return out.defined(); }
};

/// Of q, k and v, shaped like these; rows outside of all sequences hold anything.
using VarlenGradients = std::array<at::Tensor, 3>;

/// A library's attention that never holds a matrix of all queries and keys.
struct VarlenKernel {
  const char* name;
  /// Query heads may share key and value heads; else there are as many.
  bool shares_heads;
  VarlenResult (*forward)(const VarlenCall& call);
  /// g: the gradient of out, of q's type, contiguous.
  VarlenGradients (*backward)(const VarlenCall& call, const at::Tensor& g,
                              const VarlenResult& result);
};

/// The one that LibTorch has for queries like these, whose heads have `dim` values, a multiple of
/// kDimUnit, with a window or without; null: none. Flash attention (Dao, arXiv 2307.08691) for
/// bfloat16 and float16, the memory-efficient one (Rabe and Staats, arXiv 2112.05682) for float32,
/// larger heads, and GPUs without the first. Found by trying, once for each device and type.
const VarlenKernel* varlen_kernel(const at::Tensor& q, std::int64_t dim, bool windowed);

/// Whether the kernel gives the results and gradients of a small causal case right, on the device
/// and in the type of `like`; `window` 0: none. False also where it throws: builds leave kernels
/// out, and GPUs lack what they need.
bool works(const VarlenKernel& kernel, const at::Tensor& like, std::int64_t dim,
           std::int64_t window);

/// What heads are padded to.
inline constexpr std::int64_t kDimUnit = 8;

}  // namespace lorafleet::model
