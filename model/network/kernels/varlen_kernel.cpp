#include "model/network/kernels/varlen_kernel.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "model/device/torch_version.hpp"
#include "model/network/kernels/trials.hpp"

namespace lorafleet::model {
namespace {

/// x [rows, 1, dim], whose rows hold one value each, against what that should be.
bool holds(const at::Tensor& x, const at::Tensor& expected) {
  const at::Tensor all = x.to(at::kCPU, at::kFloat).squeeze(1);
  return (all - expected.unsqueeze(1)).abs().max().item<float>() < 0.1f;
}

}  // namespace

bool works(const VarlenKernel& kernel, const at::Tensor& like, std::int64_t dim,
           std::int64_t window) {
  const at::NoGradGuard no_grad;
  constexpr std::int64_t kRows = 8;
  // Without differences between keys, a row's result is the mean of the values that it sees.
  at::Tensor weights = at::ones({kRows, kRows}, at::kFloat).tril();
  if (window > 0) weights = weights.triu(1 - window);
  weights = weights / weights.sum(1, true);
  const at::Tensor numbers = at::arange(kRows, at::kFloat);
  return accepted([&] {
    VarlenCall call;
    call.q = call.k = at::zeros({kRows, 1, dim}, like.options());
    call.v = numbers.to(like.options()).view({kRows, 1, 1}).expand({-1, -1, dim}).contiguous();
    call.starts = at::tensor({0, static_cast<int>(kRows)}, at::kInt).to(like.device());
    call.longest = kRows;
    call.window = window;
    const VarlenResult result = kernel.forward(call);
    const VarlenGradients gradients = kernel.backward(call, at::ones_like(call.q), result);
    return holds(result.out, weights.mv(numbers)) && holds(gradients[2], weights.sum(0)) &&
           holds(gradients[0], at::zeros({kRows})) && holds(gradients[1], at::zeros({kRows}));
  });
}

}  // namespace lorafleet::model

// The operators have had these arguments since then; before 2.4 no window.
#if LORAFLEET_TORCH_AT_LEAST(2, 4)

#include <algorithm>
#include <optional>

namespace lorafleet::model {
namespace {

std::optional<std::int64_t> window_of(const VarlenCall& call) {
  if (call.window == 0) return std::nullopt;
  return call.window;
}

/// Flash attention takes other paths for sequences of one row, and for a window that none of the
/// sequences reaches: which it is must not depend on what else is in the batch.
std::int64_t flash_longest(const VarlenCall& call) {
  constexpr std::int64_t kBlock = 128;
  return (std::max(call.longest, call.window) + kBlock - 1) / kBlock * kBlock;
}

/// How many keys a query sees before its own; the windows on both sides, as flash attention counts.
std::optional<std::int64_t> keys_before(const VarlenCall& call) {
  if (call.window == 0) return std::nullopt;
  return call.window - 1;
}
std::optional<std::int64_t> keys_after(const VarlenCall& call) {
  if (call.window == 0) return std::nullopt;
  return 0;
}

VarlenResult flash_forward(const VarlenCall& call) {
  const std::int64_t longest = flash_longest(call);
  auto all = at::_flash_attention_forward(call.q, call.k, call.v, call.starts, call.starts, longest,
                                          longest, /*dropout_p=*/0.0, call.causal,
                                          /*return_debug_mask=*/false, call.scale,
                                          keys_before(call), keys_after(call));
  return {std::get<0>(all), std::get<1>(all), std::get<2>(all), std::get<3>(all)};
}

VarlenGradients flash_backward(const VarlenCall& call, const at::Tensor& g,
                               const VarlenResult& result) {
  const std::int64_t longest = flash_longest(call);
  auto all = at::_flash_attention_backward(
      g, call.q, call.k, call.v, result.out, result.log_sums, call.starts, call.starts, longest,
      longest, /*dropout_p=*/0.0, call.causal, result.random, result.more_random, call.scale,
      keys_before(call), keys_after(call));
  return {std::get<0>(all), std::get<1>(all), std::get<2>(all)};
}

/// LibTorch's CustomMaskType: none, or causal from the first query and key on.
std::int64_t mask_of(const VarlenCall& call) {
  return call.causal ? 1 : 0;
}

VarlenResult efficient_forward(const VarlenCall& call) {
  auto all = at::_efficient_attention_forward(
      call.q.unsqueeze(0), call.k.unsqueeze(0), call.v.unsqueeze(0), /*bias=*/{}, call.starts,
      call.starts, call.longest, call.longest, /*dropout_p=*/0.0, mask_of(call),
      /*compute_log_sumexp=*/true, call.scale, /*seqlen_k=*/{}, window_of(call));
  return {std::get<0>(all).squeeze(0), std::get<1>(all), std::get<2>(all), std::get<3>(all)};
}

VarlenGradients efficient_backward(const VarlenCall& call, const at::Tensor& g,
                                   const VarlenResult& result) {
  // More splits than one are added up in any order.
  constexpr std::int64_t kSplits = 1;
  auto all = at::_efficient_attention_backward(
      g.unsqueeze(0), call.q.unsqueeze(0), call.k.unsqueeze(0), call.v.unsqueeze(0), /*bias=*/{},
      result.out.unsqueeze(0), call.starts, call.starts, call.longest, call.longest,
      result.log_sums, /*dropout_p=*/0.0, result.random, result.more_random, mask_of(call),
      /*bias_requires_grad=*/false, call.scale, kSplits, window_of(call));
  return {std::get<0>(all).squeeze(0), std::get<1>(all).squeeze(0), std::get<2>(all).squeeze(0)};
}

constexpr VarlenKernel kFlash = {"flash", true, flash_forward, flash_backward};
constexpr VarlenKernel kEfficient = {"efficient", false, efficient_forward, efficient_backward};

constexpr const VarlenKernel* kKernels[] = {nullptr, &kFlash, &kEfficient};

/// Which of them.
std::int64_t find_kernel(const at::Tensor& like, std::int64_t dim, bool windowed) {
  constexpr std::int64_t kLargestFlashDim = 256;
  const std::int64_t window = windowed ? 3 : 0;
  const at::ScalarType type = like.scalar_type();
  const bool narrow = type == at::kBFloat16 || type == at::kHalf;
  if (narrow && dim <= kLargestFlashDim && works(kFlash, like, dim, window)) return 1;
  if ((narrow || type == at::kFloat) && works(kEfficient, like, dim, window)) return 2;
  return 0;
}

}  // namespace

const VarlenKernel* varlen_kernel(const at::Tensor& q, std::int64_t dim, bool windowed) {
  if (!q.is_cuda()) return nullptr;
  static Trials trials;
  const auto found =
      trials.of({q.device().index(), static_cast<std::int64_t>(q.scalar_type()), dim, windowed},
                [&] { return find_kernel(q, dim, windowed); });
  return kKernels[found];
}

}  // namespace lorafleet::model

#else

namespace lorafleet::model {

const VarlenKernel* varlen_kernel(const at::Tensor&, std::int64_t, bool) {
  return nullptr;
}

}  // namespace lorafleet::model

#endif
