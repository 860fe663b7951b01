#include "model/network/layers/packed_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/device/device.hpp"
#include "model/network/kernels/drop_mask.hpp"
#include "model/network/rows/tensor_rows.hpp"

namespace lorafleet::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Queries of one sequence that are taken together: what they cannot see yet is not computed.
constexpr std::int64_t kPackedQueries = 128;

/// A run of queries of one sequence, and the keys that they see.
struct PackedBlock {
  std::int64_t sequence;
  std::int64_t start;  ///< first row of the sequence
  std::int64_t first;  ///< first query, in the sequence
  std::int64_t queries;
  std::int64_t first_key;  ///< in the sequence
  std::int64_t keys;       ///< the last is the last query's own, or the sequence's
};

/// With a `window` above 0, keys that no query of a block sees are left out.
std::vector<PackedBlock> blocks_of(const std::vector<std::int64_t>& offsets, std::int64_t window,
                                   bool causal) {
  std::vector<PackedBlock> blocks;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int64_t length = offsets[i + 1] - offsets[i];
    const std::int64_t count = std::max<std::int64_t>(1, length / kPackedQueries);
    for (std::int64_t b = 0; b < count; ++b) {
      const std::int64_t first = length * b / count;
      const std::int64_t end = length * (b + 1) / count;
      const std::int64_t key =
          window > 0 ? std::max<std::int64_t>(0, first + 1 - window) : std::int64_t{0};
      blocks.push_back({static_cast<std::int64_t>(i), offsets[i], first, end - first, key,
                        (causal ? end : length) - key});
    }
  }
  return blocks;
}

/// Memory for [heads, queries, keys] of the largest block.
at::Tensor workspace(const std::vector<PackedBlock>& blocks, std::int64_t heads,
                     const at::Tensor& like) {
  std::int64_t most = 0;
  for (const PackedBlock& block : blocks) {
    most = std::max(most, heads * block.queries * block.keys);
  }
  return at::empty({most}, like.options());
}

at::Tensor matrix_in(const at::Tensor& memory, std::int64_t heads, const PackedBlock& block) {
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

/// x [T, kv_heads * head_dim] with each head as often as query heads read it: [T, heads *
/// head_dim].
at::Tensor repeated_heads(const at::Tensor& x, const AttentionShape& shape) {
  if (shape.group() == 1) return x;
  return x.reshape({x.size(0), shape.kv_heads, 1, shape.head_dim})
      .expand({x.size(0), shape.kv_heads, shape.group(), shape.head_dim})
      .reshape({x.size(0), shape.heads * shape.head_dim});
}

/// The gradient of x from that of repeated_heads.
at::Tensor summed_heads(const at::Tensor& g, const AttentionShape& shape) {
  if (shape.group() == 1) return g;
  return g.view({g.size(0), shape.kv_heads, shape.group(), shape.head_dim})
      .sum(2)
      .view({g.size(0), shape.kv_heads * shape.head_dim});
}

/// p: [heads, queries, keys] = the block's attention weights.
void probabilities(at::Tensor& p, const at::Tensor& queries, const at::Tensor& keys,
                   const AttentionShape& shape) {
  at::bmm_out(p, queries, keys.transpose(1, 2));
  if (!shape.causal) {
    p.copy_(at::softmax(p.mul_(shape.scale), -1));
    return;
  }
  const at::Tensor all = at::ones({p.size(1), p.size(2)}, p.options().dtype(at::kBool));
  const std::int64_t before = p.size(2) - p.size(1);
  at::Tensor unseen = all.triu(before + 1);
  if (shape.window > 0) unseen = unseen.logical_or(all.tril(before - shape.window));
  p.mul_(shape.scale).masked_fill_(unseen, -std::numeric_limits<float>::infinity());
  p.copy_(at::softmax(p, -1));
}

/// d: [heads, queries, keys], the gradient of p on entry, that of the scores on return.
void scores_gradient(const at::Tensor& p, at::Tensor& d, const AttentionShape& shape) {
  d.sub_((d * p).sum(-1, true)).mul_(p).mul_(shape.scale);
}

/// Entries of x [heads, queries, keys] dropped in place.
void drop(at::Tensor& x, const PackedBlock& block, const AttentionShape& shape,
          const AttentionDropout& dropout) {
  if (draws_on(x.device())) {
    // What no query sees is dropped or not: it is 0.
    std::vector<DropRun> rows;
    for (std::int64_t h = 0; h < x.size(0); ++h) {
      for (std::int64_t i = 0; i < block.queries; ++i) {
        const DropSource own = dropout.base.source(DropoutSite::attention_weights, dropout.layer, h,
                                                   block.sequence, block.first + i);
        rows.push_back({{own.key, own.counter}});
      }
    }
    const double p = dropout.base.probability(DropoutSite::attention_weights);
    x.mul_(drop_mask(rows, block.keys, p, x.device()).view(x.sizes()));
    return;
  }
  at::Tensor mask = at::ones(x.sizes(), at::kFloat);
  for (std::int64_t h = 0; h < x.size(0); ++h) {
    for (std::int64_t i = 0; i < block.queries; ++i) {
      float* row = mask.data_ptr<float>() + (h * block.queries + i) * block.keys;
      const std::int64_t query = block.first + i;
      const std::int64_t seen = shape.causal ? query + 1 : block.keys;
      dropout.base.apply({row, static_cast<std::size_t>(seen)}, DropoutSite::attention_weights,
                         dropout.layer, h, block.sequence, query);
    }
  }
  x.mul_(mask);
}

/// Blocks of a forward or backward pass. Dropout counts keys from the sequence's first.
std::vector<PackedBlock> blocks_of(const std::vector<std::int64_t>& offsets,
                                   const AttentionShape& shape, const AttentionDropout& dropout) {
  return blocks_of(offsets, dropout.active() ? 0 : shape.window, shape.causal);
}

/// On any device; k, v: with repeated heads.
at::Tensor generic_attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                          const AttentionDropout& dropout) {
  const std::int64_t heads = shape.heads;
  const std::vector<PackedBlock> blocks = blocks_of(offsets, shape, dropout);
  const at::Tensor memory = workspace(blocks, heads, q);
  at::Tensor result = at::empty(q.sizes(), q.options());
  for (const PackedBlock& block : blocks) {
    at::Tensor p = matrix_in(memory, heads, block);
    const std::int64_t key = block.start + block.first_key;
    probabilities(p, heads_of(q, block.start + block.first, block.queries, heads),
                  heads_of(k, key, block.keys, heads), shape);
    if (dropout.active()) drop(p, block, shape, dropout);
    at::Tensor out = heads_of(result, block.start + block.first, block.queries, heads);
    at::bmm_out(out, p, heads_of(v, key, block.keys, heads));
  }
  return result;
}

/// Calls f for each key and value head of each sequence, on all threads of the caller's team.
template <typename Function>
void over_heads(const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                const Function& f) {
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  at::parallel_for(0, sequences * shape.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      f(i / shape.kv_heads, i % shape.kv_heads);
    }
  });
}

SequenceAttention sequence_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const std::vector<std::int64_t>& offsets, std::int64_t sequence,
                              const AttentionShape& shape, const AttentionDropout& dropout) {
  const std::int64_t start = offsets[static_cast<std::size_t>(sequence)];
  SequenceAttention result;
  result.shape = &shape;
  result.dropout = &dropout;
  result.sequence = sequence;
  result.rows = offsets[static_cast<std::size_t>(sequence) + 1] - start;
  result.q = rows_of(q, start);
  result.k = rows_of(k, start);
  result.v = rows_of(v, start);
  return result;
}

void host_attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                 const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                 const AttentionDropout& dropout, const at::Tensor& out) {
  over_heads(offsets, shape, [&](std::int64_t sequence, std::int64_t head) {
    SequenceAttention own = sequence_of(q, k, v, offsets, sequence, shape, dropout);
    own.out = rows_into(out, offsets[static_cast<std::size_t>(sequence)]);
    attend(own, head);
  });
}

void host_backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                   const at::Tensor& g, const std::vector<std::int64_t>& offsets,
                   const AttentionShape& shape, const AttentionDropout& dropout,
                   const AttentionGradients& into) {
  over_heads(offsets, shape, [&](std::int64_t sequence, std::int64_t head) {
    SequenceAttention own = sequence_of(q, k, v, offsets, sequence, shape, dropout);
    const std::int64_t start = offsets[static_cast<std::size_t>(sequence)];
    own.g = rows_of(g, start);
    own.dq = rows_into(into.q, start);
    own.dk = rows_into(into.k, start);
    own.dv = rows_into(into.v, start);
    attend_backward(own, head);
  });
}

/// On any device.
void generic_backward(const at::Tensor& q, const at::Tensor& few_k, const at::Tensor& few_v,
                      const at::Tensor& g, const std::vector<std::int64_t>& offsets,
                      const AttentionShape& shape, const AttentionDropout& dropout,
                      const AttentionGradients& into) {
  const at::Tensor k = repeated_heads(few_k, shape);
  const at::Tensor v = repeated_heads(few_v, shape);
  const std::int64_t heads = shape.heads;
  const std::vector<PackedBlock> blocks = blocks_of(offsets, shape, dropout);
  const at::Tensor p_memory = workspace(blocks, heads, q);
  const at::Tensor d_memory = at::empty_like(p_memory);
  at::Tensor grad_k = at::zeros(k.sizes(), k.options());
  at::Tensor grad_v = at::zeros(v.sizes(), v.options());
  for (const PackedBlock& block : blocks) {
    const std::int64_t row = block.start + block.first;
    const std::int64_t key = block.start + block.first_key;
    const at::Tensor queries = heads_of(q, row, block.queries, heads);
    const at::Tensor keys = heads_of(k, key, block.keys, heads);
    const at::Tensor g_block = heads_of(g, row, block.queries, heads);
    at::Tensor p = matrix_in(p_memory, heads, block);
    probabilities(p, queries, keys, shape);
    at::Tensor values_gradient = heads_of(grad_v, key, block.keys, heads);
    at::Tensor kept = dropout.active() ? p.clone() : p;
    if (dropout.active()) drop(kept, block, shape, dropout);
    values_gradient.baddbmm_(kept.transpose(1, 2), g_block);

    at::Tensor d = matrix_in(d_memory, heads, block);
    at::bmm_out(d, g_block, heads_of(v, key, block.keys, heads).transpose(1, 2));
    if (dropout.active()) drop(d, block, shape, dropout);
    scores_gradient(p, d, shape);
    heads_of(into.q, row, block.queries, heads).copy_(at::bmm(d, keys));
    at::Tensor keys_gradient = heads_of(grad_k, key, block.keys, heads);
    keys_gradient.baddbmm_(d.transpose(1, 2), queries);
  }
  into.k.copy_(summed_heads(grad_k, shape));
  into.v.copy_(summed_heads(grad_v, shape));
}

HeadLayout layout_of(const AttentionShape& shape) {
  return {.heads = shape.heads,
          .kv_heads = shape.kv_heads,
          .dim = shape.head_dim,
          .scale = shape.scale,
          .causal = shape.causal,
          .window = shape.window};
}

/// The fused attention that does all of it; null: none.
const VarlenKernel* fused_kernel(const at::Tensor& q, const AttentionShape& shape,
                                 const AttentionDropout& dropout) {
  return dropout.active() ? nullptr : attention_kernel(q, layout_of(shape));
}

/// What the backward pass needs to know again.
struct Held : torch::CustomClassHolder {
  Held(const AttentionShape& of, const AttentionDropout& with) : shape(of), dropout(with) {}
  AttentionShape shape;
  AttentionDropout dropout;
  AttentionTape tape;
};

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const std::vector<std::int64_t>& offsets,
                            const AttentionShape& shape, const AttentionDropout& dropout) {
    context->save_for_backward({q, k, v});
    context->saved_data["offsets"] = offsets;
    auto held = c10::make_intrusive<Held>(shape, dropout);
    AttentionTape* const tape = &held->tape;
    context->saved_data["held"] = at::IValue::make_capsule(std::move(held));
    return attention_forward(q, k, v, offsets, shape, dropout, tape);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto capsule = context->saved_data["held"].toCapsule();
    const Held& held = static_cast<const Held&>(*capsule);
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const AttentionGradients own{at::empty_like(q), at::empty_like(k), at::empty_like(v)};
    attention_backward(q, k, v, gradients[0].contiguous(), offsets, held.shape, held.dropout, own,
                       held.tape);
    return {own.q, own.k, own.v, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                             const AttentionDropout& dropout, AttentionTape* tape) {
  if (const VarlenKernel* const kernel = fused_kernel(q, shape, dropout)) {
    return device_attention(*kernel, q, k, v, offsets, layout_of(shape), tape);
  }
  at::Tensor out;
  if (computes_on_host(q.device())) {
    out = at::empty(q.sizes(), q.options());
    host_attend(q, k, v, offsets, shape, dropout, out);
  } else {
    out = generic_attend(q, repeated_heads(k, shape), repeated_heads(v, shape), offsets, shape,
                         dropout);
  }
  clear_behind(out, offsets.back());
  return out;
}

void attention_backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& g, const std::vector<std::int64_t>& offsets,
                        const AttentionShape& shape, const AttentionDropout& dropout,
                        const AttentionGradients& into, const AttentionTape& tape) {
  if (const VarlenKernel* const kernel = fused_kernel(q, shape, dropout)) {
    AttentionTape own = tape;
    const HeadLayout layout = layout_of(shape);
    if (!own.defined()) device_attention(*kernel, q, k, v, offsets, layout, &own);
    const VarlenGradients all =
        device_attention_backward(*kernel, q, k, v, g, offsets, layout, own);
    into.q.copy_(all[0]);
    into.k.copy_(all[1]);
    into.v.copy_(all[2]);
    return;
  }
  const auto backward = computes_on_host(q.device()) ? host_backward : generic_backward;
  backward(q, k, v, g, offsets, shape, dropout, into);
  for (const at::Tensor& x : {into.q, into.k, into.v})
    clear_behind(x, offsets.back());
}

at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                            const AttentionDropout& dropout) {
  return AttentionFunction::apply(q.contiguous(), k.contiguous(), v.contiguous(), offsets, shape,
                                  dropout);
}

}  // namespace lorafleet::model
