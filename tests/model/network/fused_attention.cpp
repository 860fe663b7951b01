#include "tests/model/network/fused_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

#include "model/device/device.hpp"
#include "model/network/kernels/device_attention.hpp"
#include "model/network/kernels/drop_mask.hpp"
#include "model/network/layers/packed_attention.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::tests {
namespace {

using model::AttentionShape;
using model::HeadLayout;
using model::VarlenCall;
using model::VarlenGradients;
using model::VarlenKernel;
using model::VarlenResult;

struct AttentionInput {
  at::Tensor fused;  ///< q, k and v side by side
  at::Tensor q;
  at::Tensor k;
  at::Tensor v;
  at::Tensor g;
  std::vector<std::int64_t> offsets = {0};
  AttentionShape shape;
};

AttentionInput input_of(const AttentionCase& of, const std::string& device) {
  AttentionInput input;
  input.shape = {.heads = of.heads, .kv_heads = of.kv_heads, .head_dim = of.dim};
  input.shape.scale = 1.0f / std::sqrt(static_cast<float>(of.dim));
  input.shape.window = of.window;
  for (const std::int64_t length : of.lengths)
    input.offsets.push_back(input.offsets.back() + length);
  const std::int64_t rows = input.offsets.back() + of.padding;
  const std::int64_t q_width = of.heads * of.dim, kv_width = of.kv_heads * of.dim;
  const std::int64_t width = 2 * q_width + 2 * kv_width;  // q, k, v, g
  at::Tensor all = at::empty({rows, width}, at::kFloat);
  float* const values = all.data_ptr<float>();
  for (std::size_t s = 0; s <= of.lengths.size(); ++s) {
    const std::int64_t first = input.offsets[s];
    const std::int64_t end = s < of.lengths.size() ? input.offsets[s + 1] : rows;
    Random random(s < of.seeds.size() ? of.seeds[s] : s, Purpose::schedule_test);
    for (std::int64_t i = first * width; i < end * width; ++i)
      values[i] = static_cast<float>(2.0 * random.uniform() - 1.0);
  }
  const at::ScalarType type = of.type == "bfloat16"  ? at::kBFloat16
                              : of.type == "float16" ? at::kHalf
                                                     : at::kFloat;
  const at::Tensor there = all.to(model::open_device(device), type);
  input.fused = there.narrow(1, 0, width - q_width);
  input.q = there.narrow(1, 0, q_width);
  input.k = there.narrow(1, q_width, kv_width);
  input.v = there.narrow(1, q_width + kv_width, kv_width);
  input.g = there.narrow(1, width - q_width, q_width).contiguous();
  return input;
}

std::vector<float> floats_of(const at::Tensor& x) {
  const at::Tensor here = x.detach().to(at::kCPU, at::kFloat).contiguous();
  return {here.data_ptr<float>(), here.data_ptr<float>() + here.numel()};
}

HeadLayout layout_of_case(const AttentionInput& input) {
  return {.heads = input.shape.heads,
          .kv_heads = input.shape.kv_heads,
          .dim = input.shape.head_dim,
          .scale = input.shape.scale,
          .causal = true,
          .window = input.shape.window};
}

std::int64_t& too_wide() {
  static std::int64_t by = 0;
  return by;
}

/// Weights of one sequence: [heads, rows, rows].
at::Tensor plain_weights(const VarlenCall& call, const at::Tensor& q, const at::Tensor& k) {
  const std::int64_t rows = q.size(1);
  at::Tensor scores = at::bmm(q, k.transpose(1, 2)) * call.scale;
  const at::Tensor ones = at::ones({rows, rows}, at::kBool);
  at::Tensor unseen = call.causal ? ones.triu(1) : ones.logical_not();
  if (call.window > 0) unseen = unseen.logical_or(ones.tril(-call.window - too_wide()));
  return at::softmax(scores.masked_fill(unseen, -std::numeric_limits<float>::infinity()), -1);
}

/// Rows of one sequence by head, each key and value head for each of its group.
at::Tensor plain_heads(const VarlenCall& call, const at::Tensor& x, std::int64_t s) {
  const auto* const starts = call.starts.data_ptr<std::int32_t>();
  const at::Tensor own = x.narrow(0, starts[s], starts[s + 1] - starts[s]).transpose(0, 1);
  return own.repeat_interleave(call.q.size(1) / x.size(1), 0);
}

/// What LibTorch's kernels ask for.
void check_call(const VarlenCall& call) {
  TORCH_CHECK(call.starts.scalar_type() == at::kInt && call.starts.is_contiguous());
  const std::int64_t sequences = call.starts.numel() - 1;
  std::int64_t longest = 0;
  for (std::int64_t s = 0; s < sequences; ++s) {
    const auto* const starts = call.starts.data_ptr<std::int32_t>();
    TORCH_CHECK(starts[s + 1] >= starts[s] && starts[s + 1] <= call.q.size(0));
    longest = std::max<std::int64_t>(longest, starts[s + 1] - starts[s]);
  }
  TORCH_CHECK(call.longest == longest);
  for (const at::Tensor& x : {call.q, call.k, call.v}) {
    TORCH_CHECK(x.dim() == 3 && x.size(2) % model::kDimUnit == 0 && x.stride(2) == 1);
    TORCH_CHECK(x.stride(0) % model::kDimUnit == 0 && x.storage_offset() % model::kDimUnit == 0);
    TORCH_CHECK(x.size(0) == call.q.size(0) && x.scalar_type() == call.q.scalar_type());
  }
}

at::Tensor nothing_yet(const at::Tensor& like) {
  return at::full(like.sizes(), std::numeric_limits<float>::quiet_NaN(), like.options());
}

VarlenResult plain_forward(const VarlenCall& call) {
  check_call(call);
  VarlenResult result;
  result.out = nothing_yet(call.q);
  for (std::int64_t s = 0; s + 1 < call.starts.numel(); ++s) {
    const at::Tensor q = plain_heads(call, call.q, s), k = plain_heads(call, call.k, s);
    if (q.size(1) == 0) continue;
    const at::Tensor out = at::bmm(plain_weights(call, q, k), plain_heads(call, call.v, s));
    const auto first = call.starts.data_ptr<std::int32_t>()[s];
    result.out.narrow(0, first, q.size(1)).copy_(out.transpose(0, 1));
  }
  return result;
}

VarlenGradients plain_backward(const VarlenCall& call, const at::Tensor& g,
                               const VarlenResult& result) {
  check_call(call);
  TORCH_CHECK(g.sizes() == call.q.sizes() && g.is_contiguous() && result.out.is_contiguous());
  TORCH_CHECK(result.out.sizes() == call.q.sizes());
  VarlenGradients all = {nothing_yet(call.q), nothing_yet(call.k), nothing_yet(call.v)};
  for (std::int64_t s = 0; s + 1 < call.starts.numel(); ++s) {
    const at::Tensor q = plain_heads(call, call.q, s), k = plain_heads(call, call.k, s);
    const at::Tensor v = plain_heads(call, call.v, s), own = plain_heads(call, g, s);
    const std::int64_t rows = q.size(1);
    if (rows == 0) continue;
    const at::Tensor p = plain_weights(call, q, k);
    const at::Tensor dp = at::bmm(own, v.transpose(1, 2));
    const at::Tensor ds = p * (dp - (dp * p).sum(-1, true)) * call.scale;
    const at::Tensor gradients[] = {at::bmm(ds, k), at::bmm(ds.transpose(1, 2), q),
                                    at::bmm(p.transpose(1, 2), own)};
    const auto first = call.starts.data_ptr<std::int32_t>()[s];
    for (std::size_t i = 0; i < 3; ++i) {
      const std::int64_t heads = all[i].size(1);
      const at::Tensor summed =
          gradients[i].view({heads, -1, rows, gradients[i].size(2)}).sum(1).transpose(0, 1);
      all[i].narrow(0, first, rows).copy_(summed);
    }
  }
  return all;
}

std::vector<model::DropRow> drop_rows_of(const std::vector<MaskRow>& rows) {
  std::vector<model::DropRow> result;
  for (const MaskRow& row : rows)
    result.push_back({row.key, row.counter, row.first});
  return result;
}

}  // namespace

AttentionNumbers attention_numbers(const AttentionCase& of, const std::string& device) {
  const at::NoGradGuard no_grad;
  const AttentionInput input = input_of(of, device);
  model::AttentionTape tape;
  const at::Tensor out =
      model::attention_forward(input.q, input.k, input.v, input.offsets, input.shape, {}, &tape);
  // As columns of a wider matrix, as the layers have them.
  const at::Tensor wide = at::full_like(input.fused, std::numeric_limits<float>::quiet_NaN());
  const std::int64_t q = input.q.size(1), kv = input.k.size(1);
  const model::AttentionGradients into{wide.narrow(1, 0, q), wide.narrow(1, q, kv),
                                       wide.narrow(1, q + kv, kv)};
  model::attention_backward(input.q, input.k, input.v, input.g, input.offsets, input.shape, {},
                            into, tape);
  return {floats_of(out), floats_of(into.q), floats_of(into.k), floats_of(into.v)};
}

AttentionNumbers graph_attention_numbers(const AttentionCase& of, const std::string& device) {
  const AttentionInput input = input_of(of, device);
  const auto leaf = [](const at::Tensor& x) { return x.detach().clone().requires_grad_(true); };
  const at::Tensor q = leaf(input.q), k = leaf(input.k), v = leaf(input.v);
  const at::Tensor out = model::packed_attention(q, k, v, input.offsets, input.shape);
  const auto gradients = torch::autograd::grad({out}, {q, k, v}, {input.g});
  return {floats_of(out), floats_of(gradients[0]), floats_of(gradients[1]),
          floats_of(gradients[2])};
}

AttentionNumbers emulated_attention(const AttentionCase& of, bool shares_heads) {
  const at::NoGradGuard no_grad;
  const VarlenKernel kernel = {"plain", shares_heads, plain_forward, plain_backward};
  const AttentionInput input = input_of(of, "cpu");
  const HeadLayout layout = layout_of_case(input);
  model::AttentionTape tape;
  const at::Tensor out =
      model::device_attention(kernel, input.q, input.k, input.v, input.offsets, layout, &tape);
  const VarlenGradients all = model::device_attention_backward(
      kernel, input.q, input.k, input.v, input.g, input.offsets, layout, tape);
  return {floats_of(out), floats_of(all[0]), floats_of(all[1]), floats_of(all[2])};
}

bool plain_kernel_works(std::int64_t window, std::int64_t off_by) {
  const VarlenKernel kernel = {"plain", true, plain_forward, plain_backward};
  too_wide() = off_by;
  const bool result = model::works(kernel, at::zeros({1}), 16, window);
  too_wide() = 0;
  return result;
}

std::string fused_kernel_name(const AttentionCase& of, const std::string& device) {
  const AttentionInput input = input_of(of, device);
  const VarlenKernel* const kernel = model::attention_kernel(input.q, layout_of_case(input));
  return kernel == nullptr ? "none" : kernel->name;
}

std::vector<std::int32_t> starts_of_sequences(const std::vector<std::int64_t>& offsets,
                                              std::int64_t heads) {
  return model::sequence_starts(offsets, heads);
}

std::vector<float> device_mask(const std::vector<MaskRow>& rows, std::int64_t width,
                               double probability, const std::string& device) {
  std::vector<model::DropRun> runs;
  for (const model::DropRow& row : drop_rows_of(rows))
    runs.push_back({row});
  return floats_of(model::drop_mask(runs, width, probability, model::open_device(device)));
}

std::vector<std::int32_t> mask_words(const std::vector<MaskRow>& rows, std::int64_t width,
                                     bool in_runs, const std::string& device) {
  std::vector<model::DropRun> runs;
  for (const model::DropRow& row : drop_rows_of(rows)) {
    const bool goes_on = in_runs && row.first > 0;
    goes_on ? static_cast<void>(++runs.back().rows) : runs.push_back({row});
  }
  if (in_runs) {
    runs.insert(runs.begin() + 1, {{7, 7, 7}, 0});
    runs.push_back({{}, 0});
  }
  const at::Tensor words =
      at::cat(model::drop_words(runs, width, model::open_device(device)), 1).cpu().contiguous();
  return {words.data_ptr<std::int32_t>(), words.data_ptr<std::int32_t>() + words.numel()};
}

std::vector<float> host_compiled_mask(const std::vector<MaskRow>& rows, std::int64_t width,
                                      double probability) {
  return model::drop_mask_by_kernel(drop_rows_of(rows), width, probability);
}

bool device_draws_masks(const std::string& device) {
  return model::draws_on(model::open_device(device));
}

}  // namespace lorafleet::tests
