#include "model/network/kernels/device_attention.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>

namespace lorafleet::model {
namespace {

/// More multiprocessors than a GPU has.
constexpr std::int64_t kMostProcessors = 256;

std::int64_t padded(std::int64_t dim) {
  return (dim + kDimUnit - 1) / kDimUnit * kDimUnit;
}

/// The starts on the device. All layers of a pass ask for the same ones, one after the other: the
/// last ones of this thread are kept.
at::Tensor starts_on(const at::Device& device, const std::vector<std::int64_t>& offsets,
                     std::int64_t heads) {
  struct Last {
    std::vector<std::int32_t> starts;
    at::Tensor there;
  };
  thread_local Last last;
  std::vector<std::int32_t> starts = sequence_starts(offsets, heads);
  if (last.there.defined() && last.there.device() == device && last.starts == starts) {
    return last.there;
  }
  at::Tensor here = at::empty({std::ssize(starts)},
                              at::TensorOptions().dtype(at::kInt).pinned_memory(device.is_cuda()));
  std::copy(starts.begin(), starts.end(), here.data_ptr<std::int32_t>());
  last = {std::move(starts), here.to(device, /*non_blocking=*/true)};
  return last.there;
}

/// x [T, heads * dim] -> [T, heads, padded dim]; a view, where kernels can read it as it lies.
at::Tensor by_head(const at::Tensor& x, std::int64_t heads, std::int64_t dim) {
  at::Tensor own = x.view({x.size(0), heads, dim});
  if (dim % kDimUnit != 0) return at::constant_pad_nd(own, {0, padded(dim) - dim});
  // Kernels read several values at once.
  const bool aligned = x.stride(0) % kDimUnit == 0 && x.storage_offset() % kDimUnit == 0;
  return aligned ? own : own.contiguous();
}

/// Each head as often as query heads read it.
at::Tensor repeated(const at::Tensor& x, std::int64_t times) {
  if (times == 1) return x;
  return x.unsqueeze(2).expand({-1, -1, times, -1}).reshape({x.size(0), -1, x.size(2)});
}

/// The gradient of x from that of repeated(x).
at::Tensor summed(const at::Tensor& g, std::int64_t times) {
  if (times == 1) return g;
  return g.view({g.size(0), g.size(1) / times, times, g.size(2)}).sum(2);
}

/// The other way of by_head.
at::Tensor side_by_side(const at::Tensor& x, std::int64_t dim) {
  return x.narrow(2, 0, dim).reshape({x.size(0), x.size(1) * dim});
}

std::int64_t repeats(const VarlenKernel& kernel, const HeadLayout& layout) {
  return kernel.shares_heads ? 1 : layout.heads / layout.kv_heads;
}

VarlenCall call_of(const VarlenKernel& kernel, const at::Tensor& q, const at::Tensor& k,
                   const at::Tensor& v, const std::vector<std::int64_t>& offsets,
                   const HeadLayout& layout) {
  VarlenCall call;
  const std::int64_t times = repeats(kernel, layout);
  call.q = by_head(q, layout.heads, layout.dim);
  const auto few = [&](const at::Tensor& x) {
    return repeated(by_head(x.to(q.scalar_type()), layout.kv_heads, layout.dim), times);
  };
  call.k = few(k);
  call.v = few(v);
  call.starts = starts_on(q.device(), offsets, layout.heads);
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    call.longest = std::max(call.longest, offsets[i + 1] - offsets[i]);
  }
  call.scale = layout.scale;
  call.causal = layout.causal;
  call.window = layout.window;
  return call;
}

}  // namespace

void clear_behind(const at::Tensor& x, std::int64_t row) {
  if (row < x.size(0)) x.narrow(0, row, x.size(0) - row).zero_();
}

std::vector<std::int32_t> sequence_starts(const std::vector<std::int64_t>& offsets,
                                          std::int64_t heads) {
  std::vector<std::int32_t> starts(offsets.begin(), offsets.end());
  const std::int64_t wanted = (kMostProcessors + heads - 1) / heads + 1;
  if (std::ssize(starts) < wanted) {
    starts.resize(static_cast<std::size_t>(wanted), static_cast<std::int32_t>(offsets.back()));
  }
  return starts;
}

const VarlenKernel* attention_kernel(const at::Tensor& q, const HeadLayout& layout) {
  return varlen_kernel(q, padded(layout.dim), layout.window > 0);
}

at::Tensor device_attention(const VarlenKernel& kernel, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const std::vector<std::int64_t>& offsets,
                            const HeadLayout& layout, AttentionTape* tape) {
  if (offsets.back() == 0) return at::zeros(q.sizes(), q.options());
  const VarlenResult result = kernel.forward(call_of(kernel, q, k, v, offsets, layout));
  clear_behind(result.out, offsets.back());
  if (tape != nullptr) {
    tape->result = result;
    // Of an autograd function's own result there would be a circle.
    tape->result.out = result.out.detach();
  }
  return side_by_side(result.out, layout.dim);
}

VarlenGradients device_attention_backward(const VarlenKernel& kernel, const at::Tensor& q,
                                          const at::Tensor& k, const at::Tensor& v,
                                          const at::Tensor& g,
                                          const std::vector<std::int64_t>& offsets,
                                          const HeadLayout& layout, const AttentionTape& tape) {
  if (offsets.back() == 0) return {at::zeros_like(q), at::zeros_like(k), at::zeros_like(v)};
  const at::Tensor g_out =
      by_head(g.to(q.scalar_type()).contiguous(), layout.heads, layout.dim).contiguous();
  VarlenGradients all =
      kernel.backward(call_of(kernel, q, k, v, offsets, layout), g_out, tape.result);
  const std::int64_t times = repeats(kernel, layout);
  for (std::size_t i = 0; i < all.size(); ++i) {
    clear_behind(all[i], offsets.back());
    all[i] = side_by_side(i == 0 ? all[i] : summed(all[i], times), layout.dim);
  }
  return all;
}

}  // namespace lorafleet::model
