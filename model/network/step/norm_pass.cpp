#include "model/network/step/norm_pass.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <tuple>

#include "model/device/device.hpp"
#include "model/device/torch_version.hpp"
#include "model/network/kernels/trials.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/tensor_rows.hpp"
#include "model/network/step/norm_rows.hpp"

namespace lorafleet::model {
namespace {

std::int64_t width_of(const at::Tensor& x, const Norm& norm) {
  return norm.weight.defined() ? norm.weight.size(0) : x.size(1);
}

RowNorm row_norm(const at::Tensor& x, const Norm& norm) {
  return {width_of(x, norm), norm.parts.kind == NormParts::Kind::layer,
          static_cast<float>(norm.parts.epsilon),
          norm.weight.defined() ? norm.weight.data_ptr<float>() : nullptr,
          norm.bias.defined() ? norm.bias.data_ptr<float>() : nullptr};
}

/// x as rows of the norm's width.
at::Tensor flat(const at::Tensor& x, std::int64_t width) {
  return x.reshape({-1, width});
}

/// What LibTorch's fused norms take: of x's type.
struct Affine {
  at::Tensor weight;
  at::Tensor bias;

  Affine(const at::Tensor& x, const Norm& norm)
      : weight(x.scalar_type() == at::kBFloat16 ? norm.narrow_weight : norm.weight),
        bias(x.scalar_type() == at::kBFloat16 ? norm.narrow_bias : norm.bias) {}
};

#if LORAFLEET_TORCH_AT_LEAST(2, 9)
std::tuple<at::Tensor, at::Tensor> rms_norm(const at::Tensor& x, const at::Tensor& weight,
                                            double epsilon) {
  return at::_fused_rms_norm(x, {x.size(1)}, weight, epsilon);
}

at::Tensor rms_norm_backward(const at::Tensor& x, const at::Tensor& weight, double epsilon,
                             const at::Tensor& g) {
  const at::Tensor r = std::get<1>(rms_norm(x, weight, epsilon));
  return std::get<0>(at::_fused_rms_norm_backward(g, x, {x.size(1)}, r, weight, {true, false}));
}

bool has_rms_norm(const at::Tensor& x) {
  if (!x.is_cuda()) return false;
  static Trials trials;
  return trials.of({x.device().index(), static_cast<std::int64_t>(x.scalar_type())}, [&] {
    return accepted([&] {
      const at::Tensor ones = at::ones({8, 64}, x.options());
      const at::Tensor weight = ones.select(0, 0).clone();
      return std::get<0>(rms_norm(ones, weight, 0.0)).eq(1).all().item<bool>() &&
             rms_norm_backward(ones, weight, 0.0, ones).eq(0).all().item<bool>();
    });
  }) != 0;
}
#else
std::tuple<at::Tensor, at::Tensor> rms_norm(const at::Tensor& x, const at::Tensor&, double) {
  return {x, x};
}
at::Tensor rms_norm_backward(const at::Tensor&, const at::Tensor&, double, const at::Tensor& g) {
  return g;
}
bool has_rms_norm(const at::Tensor&) {
  return false;
}
#endif

/// Where an operator widens rows of bfloat16 for itself and rounds its result once; on CPUs it
/// rounds the mean too.
bool is_fused(const at::Tensor& x, const Norm& norm) {
  if (!x.is_cuda() && x.scalar_type() != at::kFloat) return false;
  if (norm.parts.kind == NormParts::Kind::layer) return true;
  // 1 + w loses too much in bfloat16.
  return norm.weight.defined() && !norm.parts.one_plus && has_rms_norm(x);
}

at::Tensor fused_forward(const at::Tensor& x, const Norm& norm) {
  const Affine own(x, norm);
  if (norm.parts.kind == NormParts::Kind::rms) {
    return std::get<0>(rms_norm(x, own.weight, norm.parts.epsilon));
  }
  return std::get<0>(
      at::native_layer_norm(x, {x.size(1)}, own.weight, own.bias, norm.parts.epsilon));
}

at::Tensor fused_backward(const at::Tensor& x, const Norm& norm, const at::Tensor& g) {
  const Affine own(x, norm);
  if (norm.parts.kind == NormParts::Kind::rms) {
    return rms_norm_backward(x, own.weight, norm.parts.epsilon, g);
  }
  const auto all = at::native_layer_norm(x, {x.size(1)}, own.weight, own.bias, norm.parts.epsilon);
  return std::get<0>(at::native_layer_norm_backward(g, x, {x.size(1)}, std::get<1>(all),
                                                    std::get<2>(all), own.weight, own.bias,
                                                    {true, false, false}));
}

/// dx from g, all [rows, d], in float32. With y = n w + b and n = (x - mean) r: dx = r (g w -
/// mean(g w) - n mean(g w n)), without the means of x and g w in a root mean square norm.
at::Tensor generic_backward(const at::Tensor& x, const Norm& norm, const at::Tensor& g) {
  const bool centred = norm.parts.kind == NormParts::Kind::layer;
  const at::Tensor moved = centred ? x - x.mean(-1, true) : x;
  const at::Tensor r = moved.square().mean(-1, true).add_(norm.parts.epsilon).rsqrt_();
  const at::Tensor normal = moved * r;
  at::Tensor own = norm.weight.defined() ? g * norm.weight : g.clone();
  const at::Tensor along = (own * normal).mean(-1, true);
  if (centred) own.sub_(own.mean(-1, true));
  return own.sub_(normal * along).mul_(r);
}

}  // namespace

Operand norm_forward(const at::Tensor& x, const Norm& norm, const FrozenMatrix& next) {
  const std::int64_t width = width_of(x, norm);
  if (!computes_on_host(x.device())) {
    if (is_fused(x, norm)) return {fused_forward(flat(x, width), norm).view(x.sizes()), {}};
    const at::Tensor y = normalised(flat(x.to(at::kFloat), width), norm);
    return {y.view(x.sizes()).to(x.scalar_type()), {}};
  }
  Operand result{at::empty(x.sizes(), x.options()), {}};
  if (next.defined() && rounds_rows(next)) result.rounded = at::empty(x.sizes(), at::kBFloat16);
  const RowNorm own = row_norm(x, norm);
  const std::int64_t all = x.size(1);
  auto* rounded =
      result.rounded.defined() ? static_cast<std::uint16_t*>(result.rounded.data_ptr()) : nullptr;
  over_rows(x.size(0), all, [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t at = 0; at < all; at += width) {
      const ConstRows from = rows_of(x, first);
      const MutableRows to = rows_into(result.values, first);
      norm_rows(own, count, {from.data + at, from.stride}, {to.data + at, to.stride},
                rounded == nullptr ? nullptr : rounded + first * all + at);
    }
  });
  return result;
}

void norm_backward(const at::Tensor& x, const Norm& norm, const at::Tensor& g, const at::Tensor& dx,
                   bool accumulate) {
  const std::int64_t width = width_of(x, norm);
  if (!computes_on_host(x.device())) {
    const at::Tensor own =
        (is_fused(x, norm)
             ? fused_backward(flat(x, width), norm, flat(g.to(x.scalar_type()), width))
             : generic_backward(flat(x.to(at::kFloat), width), norm, flat(g.to(at::kFloat), width)))
            .view(x.sizes());
    accumulate ? dx.add_(own) : dx.copy_(own);
    return;
  }
  const RowNorm own = row_norm(x, norm);
  over_rows(x.size(0), x.size(1), [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t at = 0; at < x.size(1); at += width) {
      const ConstRows from = rows_of(x, first);
      const ConstRows gradient = rows_of(g, first);
      const MutableRows to = rows_into(dx, first);
      norm_rows_backward(own, count, {from.data + at, from.stride},
                         {gradient.data + at, gradient.stride}, {to.data + at, to.stride},
                         accumulate);
    }
  });
}

}  // namespace lorafleet::model
