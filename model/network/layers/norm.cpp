#include "model/network/layers/norm.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace lorafleet::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// y = x r w with r = 1 / sqrt(mean(x^2) + epsilon) of each row.
struct RmsNormFunction : torch::autograd::Function<RmsNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Norm& norm) {
    const at::Tensor r = x.square().mean(-1, true).add_(norm.parts.epsilon).rsqrt_();
    at::Tensor y = x * r;
    if (norm.weight.defined()) y.mul_(norm.weight);
    context->save_for_backward({x, r, norm.weight});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &r = saved[1], &weight = saved[2];
    const at::Tensor g = weight.defined() ? gradients[0] * weight : gradients[0];
    // dx = r (g - x r^2 mean(g x))
    const at::Tensor mean = (g * x).mean(-1, true).mul_(r).mul_(r);
    return {(g - x * mean).mul_(r), at::Tensor()};
  }
};

}  // namespace

at::Tensor normalised(const at::Tensor& x, const Norm& norm) {
  if (norm.parts.kind == NormParts::Kind::rms) return RmsNormFunction::apply(x, norm);
  return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, norm.parts.epsilon);
}

at::Tensor normalised_heads(const at::Tensor& x, const Norm& norm) {
  return normalised(x.reshape({-1, norm.weight.size(0)}), norm).view(x.sizes());
}

}  // namespace lorafleet::model
