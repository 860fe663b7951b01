#include "model/network/packed_attention.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/device/device.hpp"
#include "model/network/row_kernels.hpp"

namespace lorafleet::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Queries of one sequence that are taken together: what they cannot see yet is not computed.
constexpr std::int64_t kQueryBlock = 128;

/// A run of queries of one sequence, and the keys that they see.
struct Block {
  std::int64_t sequence;
  std::int64_t start;  ///< first row of the sequence
  std::int64_t first;  ///< first query, in the sequence
  std::int64_t queries;
  std::int64_t keys;  ///< first + queries
};

std::vector<Block> blocks_of(const std::vector<std::int64_t>& offsets) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t length = offsets[i + 1] - offsets[i];
    const std::int64_t count = std::max<std::int64_t>(1, length / kQueryBlock);
    for (std::int64_t b = 0; b < count; ++b) {
      const std::int64_t first = length * b / count;
      const std::int64_t end = length * (b + 1) / count;
      blocks.push_back({static_cast<std::int64_t>(i), offsets[i], first, end - first, end});
    }
  }
  return blocks;
}

/// Memory for [heads, queries, keys] of the largest block.
at::Tensor workspace(const std::vector<Block>& blocks, std::int64_t heads, const at::Tensor& like) {
  std::int64_t most = 0;
  for (const Block& block : blocks) {
    most = std::max(most, heads * block.queries * block.keys);
  }
  return at::empty({most}, like.options());
}

at::Tensor matrix_in(const at::Tensor& memory, std::int64_t heads, const Block& block) {
  return memory.narrow(0, 0, heads * block.queries * block.keys)
      .view({heads, block.queries, block.keys});
}

/// Rows of x [T, heads * head_dim] as [heads, count, head_dim]; a view.
at::Tensor heads_of(const at::Tensor& x, std::int64_t row, std::int64_t count, std::int64_t heads) {
  const std::int64_t width = x.size(1);
  const std::int64_t dim = width / heads;
  return x.as_strided({heads, count, dim}, {dim, x.stride(0), 1},
                      x.storage_offset() + row * x.stride(0));
}

float scale_of(const at::Tensor& q, std::int64_t heads) {
  return 1.0f / std::sqrt(static_cast<float>(q.size(1) / heads));
}

/// p: [heads, queries, keys] = the block's attention weights.
void probabilities(at::Tensor& p, const at::Tensor& queries, const at::Tensor& keys, float scale) {
  at::bmm_out(p, queries, keys.transpose(1, 2));
  if (!computes_on_host(p.device())) {
    const at::Tensor unseen = at::ones({p.size(1), p.size(2)}, p.options().dtype(at::kBool))
                                  .triu(p.size(2) - p.size(1) + 1);
    p.mul_(scale).masked_fill_(unseen, -std::numeric_limits<float>::infinity());
    p.copy_(at::softmax(p, -1));
    return;
  }
  for (std::int64_t h = 0; h < p.size(0); ++h) {
    causal_softmax(p.data_ptr<float>() + h * p.stride(0), p.size(1), p.size(2), scale);
  }
}

/// d: [heads, queries, keys], the gradient of p on entry, that of the scores on return.
void scores_gradient(const at::Tensor& p, at::Tensor& d, float scale) {
  if (!computes_on_host(p.device())) {
    d.sub_((d * p).sum(-1, true)).mul_(p).mul_(scale);
    return;
  }
  for (std::int64_t h = 0; h < p.size(0); ++h) {
    causal_softmax_backward(p.data_ptr<float>() + h * p.stride(0),
                            d.data_ptr<float>() + h * d.stride(0), p.size(1), p.size(2), scale);
  }
}

/// x: [heads, queries, keys] in the host's memory, entries dropped in place.
void drop_rows(at::Tensor& x, const Block& block, const AttentionDropout& dropout) {
  for (std::int64_t h = 0; h < x.size(0); ++h) {
    for (std::int64_t i = 0; i < block.queries; ++i) {
      float* row = x.data_ptr<float>() + (h * block.queries + i) * block.keys;
      const std::int64_t query = block.first + i;
      dropout.base.apply({row, static_cast<std::size_t>(query + 1)}, DropoutSite::attention_weights,
                         dropout.layer, h, block.sequence, query);
    }
  }
}

/// The same on any device.
void drop(at::Tensor& x, const Block& block, const AttentionDropout& dropout) {
  if (!computes_on_host(x.device())) {
    at::Tensor mask = at::ones(x.sizes(), at::kFloat);
    drop_rows(mask, block, dropout);
    x.mul_(mask.to(x.device()));
  } else {
    drop_rows(x, block, dropout);
  }
}

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const std::vector<std::int64_t>& offsets, std::int64_t heads,
                  const AttentionDropout& dropout) {
  const float scale = scale_of(q, heads);
  const std::vector<Block> blocks = blocks_of(offsets);
  const at::Tensor memory = workspace(blocks, heads, q);
  at::Tensor result = at::empty_like(q);
  for (const Block& block : blocks) {
    at::Tensor p = matrix_in(memory, heads, block);
    probabilities(p, heads_of(q, block.start + block.first, block.queries, heads),
                  heads_of(k, block.start, block.keys, heads), scale);
    if (dropout.active()) drop(p, block, dropout);
    at::Tensor out = heads_of(result, block.start + block.first, block.queries, heads);
    at::bmm_out(out, p, heads_of(v, block.start, block.keys, heads));
  }
  return result;
}

/// Keeps an AttentionDropout for the backward pass.
struct HeldDropout : torch::CustomClassHolder {
  explicit HeldDropout(const AttentionDropout& held) : dropout(held) {}
  AttentionDropout dropout;
};

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const std::vector<std::int64_t>& offsets,
                            std::int64_t heads, const AttentionDropout& dropout) {
    context->save_for_backward({q, k, v});
    context->saved_data["offsets"] = offsets;
    context->saved_data["heads"] = heads;
    context->saved_data["dropout"] =
        at::IValue::make_capsule(c10::make_intrusive<HeldDropout>(dropout));
    return attend(q, k, v, offsets, heads, dropout);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const at::Tensor g = gradients[0].contiguous();
    const std::int64_t heads = context->saved_data["heads"].toInt();
    const std::vector<Block> blocks = blocks_of(context->saved_data["offsets"].toIntVector());
    const auto held = context->saved_data["dropout"].toCapsule();
    const AttentionDropout& dropout = static_cast<const HeldDropout&>(*held).dropout;
    const float scale = scale_of(q, heads);
    const at::Tensor p_memory = workspace(blocks, heads, q);
    const at::Tensor d_memory = at::empty_like(p_memory);
    at::Tensor grad_q = at::empty_like(q);
    at::Tensor grad_k = at::zeros_like(k);
    at::Tensor grad_v = at::zeros_like(v);
    for (const Block& block : blocks) {
      const std::int64_t row = block.start + block.first;
      const at::Tensor queries = heads_of(q, row, block.queries, heads);
      const at::Tensor keys = heads_of(k, block.start, block.keys, heads);
      const at::Tensor g_block = heads_of(g, row, block.queries, heads);
      at::Tensor p = matrix_in(p_memory, heads, block);
      probabilities(p, queries, keys, scale);
      at::Tensor values_gradient = heads_of(grad_v, block.start, block.keys, heads);
      at::Tensor kept = dropout.active() ? p.clone() : p;
      if (dropout.active()) drop(kept, block, dropout);
      values_gradient.baddbmm_(kept.transpose(1, 2), g_block);

      at::Tensor d = matrix_in(d_memory, heads, block);
      at::bmm_out(d, g_block, heads_of(v, block.start, block.keys, heads).transpose(1, 2));
      if (dropout.active()) drop(d, block, dropout);
      scores_gradient(p, d, scale);
      at::Tensor queries_gradient = heads_of(grad_q, row, block.queries, heads);
      at::bmm_out(queries_gradient, d, keys);
      at::Tensor keys_gradient = heads_of(grad_k, block.start, block.keys, heads);
      keys_gradient.baddbmm_(d.transpose(1, 2), queries);
    }
    return {grad_q, grad_k, grad_v, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const std::vector<std::int64_t>& offsets, std::int64_t heads,
                            const AttentionDropout& dropout) {
  return AttentionFunction::apply(q.contiguous(), k.contiguous(), v.contiguous(), offsets, heads,
                                  dropout);
}

}  // namespace lorafleet::model
