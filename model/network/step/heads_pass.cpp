#include "model/network/step/heads_pass.hpp"

#include <ATen/ATen.h>

#include <cstdint>

#include "model/device/device.hpp"
#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/tensor_rows.hpp"
#include "model/network/step/norm_pass.hpp"
#include "model/network/step/rotary_rows.hpp"

namespace lorafleet::model {
namespace {

/// x: [rows, heads * head_dim], whose rows may lie apart, turned in place; by the negative angles
/// where `back`.
void turn(const at::Tensor& x, const Rotation& rotation, std::int64_t head_dim, bool back) {
  if (!computes_on_host(x.device())) {
    const Rotation own = back ? Rotation{rotation.cos, -rotation.sin} : rotation;
    x.copy_(rotated(x.to(at::kFloat).contiguous(), own, head_dim));
    return;
  }
  const std::int64_t frequencies = rotation.cos.size(2);
  over_rows(x.size(0), x.size(1), [&](std::int64_t first, std::int64_t count) {
    const RowAngles angles{rotation.cos.data_ptr<float>() + first * frequencies,
                           rotation.sin.data_ptr<float>() + first * frequencies, frequencies};
    turn_rows(angles, count, x.size(1), head_dim, back, rows_into(x, first));
  });
}

/// Views of what lies [q, k, v][head][d].
Heads views_of(const AttentionShape& shape, const at::Tensor& fused) {
  const std::int64_t q = shape.heads * shape.head_dim;
  const std::int64_t kv = shape.kv_heads * shape.head_dim;
  return {fused.narrow(1, 0, q), fused.narrow(1, q, kv), fused.narrow(1, q + kv, kv)};
}

/// Copies of what lies [head][q, k, v][d].
Heads gathered(const AttentionShape& shape, const at::Tensor& fused) {
  const at::Tensor heads = fused.view({fused.size(0), shape.heads, 3, shape.head_dim});
  const auto part = [&](std::int64_t i) {
    return heads.select(2, i).reshape({fused.size(0), shape.heads * shape.head_dim});
  };
  return {part(0), part(1), part(2)};
}

bool normed(const Norm& norm) {
  return norm.weight.defined();
}

}  // namespace

Heads heads_forward(const HeadsPlan& plan, const at::Tensor& fused) {
  Heads heads = plan.by_head ? gathered(plan.shape, fused) : views_of(plan.shape, fused);
  if (normed(plan.query)) heads.q = norm_forward(heads.q, plan.query).values;
  if (normed(plan.key)) heads.k = norm_forward(heads.k, plan.key).values;
  if (plan.rotation != nullptr) {
    turn(heads.q, *plan.rotation, plan.shape.head_dim, false);
    turn(heads.k, *plan.rotation, plan.shape.head_dim, false);
  }
  return heads;
}

HeadGradients head_gradients(const HeadsPlan& plan, const at::Tensor& fused) {
  HeadGradients g;
  g.fused = at::empty(fused.sizes(), fused.options());
  g.heads = views_of(plan.shape, g.fused);
  const auto apart = [](at::Tensor& x) { x = at::empty(x.sizes(), x.options()); };
  if (plan.by_head || normed(plan.query)) apart(g.heads.q);
  if (plan.by_head || normed(plan.key)) apart(g.heads.k);
  if (plan.by_head) apart(g.heads.v);
  return g;
}

at::Tensor heads_backward(const HeadsPlan& plan, const at::Tensor& fused, HeadGradients g) {
  if (plan.rotation != nullptr) {
    turn(g.heads.q, *plan.rotation, plan.shape.head_dim, true);
    turn(g.heads.k, *plan.rotation, plan.shape.head_dim, true);
  }
  if (normed(plan.query) || normed(plan.key)) {
    const Heads before = plan.by_head ? gathered(plan.shape, fused) : views_of(plan.shape, fused);
    const Heads into = plan.by_head ? g.heads : views_of(plan.shape, g.fused);
    if (normed(plan.query)) norm_backward(before.q, plan.query, g.heads.q, into.q, false);
    if (normed(plan.key)) norm_backward(before.k, plan.key, g.heads.k, into.k, false);
  }
  if (plan.by_head) {
    const std::vector<std::int64_t> sizes = {fused.size(0), plan.shape.heads, plan.shape.head_dim};
    g.fused.copy_(
        at::stack({g.heads.q.view(sizes), g.heads.k.view(sizes), g.heads.v.view(sizes)}, 2)
            .view(fused.sizes()));
  }
  return g.fused;
}

}  // namespace lorafleet::model
