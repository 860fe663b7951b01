#include "model/network/layers/rotary.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace lorafleet::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// x: [rows, heads, head_dim]; by -angle where `back`.
at::Tensor turned(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, bool back) {
  const std::int64_t half = cos.size(-1);
  const at::Tensor a = x.narrow(-1, 0, half);
  const at::Tensor b = x.narrow(-1, half, half);
  at::Tensor y = at::empty_like(x, at::MemoryFormat::Contiguous);
  at::Tensor y_a = y.narrow(-1, 0, half);
  at::Tensor y_b = y.narrow(-1, half, half);
  const double sign = back ? -1.0 : 1.0;
  at::mul_out(y_a, a, cos);
  y_a.addcmul_(b, sin, -sign);
  at::mul_out(y_b, b, cos);
  y_b.addcmul_(a, sin, sign);
  const std::int64_t rest = x.size(-1) - 2 * half;
  if (rest > 0) y.narrow(-1, 2 * half, rest).copy_(x.narrow(-1, 2 * half, rest));
  return y;
}

struct RotaryFunction : torch::autograd::Function<RotaryFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const Rotation& rotation) {
    context->save_for_backward({rotation.cos, rotation.sin});
    return turned(x, rotation.cos, rotation.sin, false);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    return {turned(gradients[0], saved[0], saved[1], true), at::Tensor()};
  }
};

}  // namespace

Rotation rotation_at(const at::Tensor& positions, const at::Tensor& frequencies) {
  const at::Tensor angles =
      positions.to(at::kFloat).view({-1, 1, 1}) * frequencies.view({1, 1, -1});
  return {angles.cos(), angles.sin()};
}

at::Tensor rotated(const at::Tensor& x, const Rotation& rotation, std::int64_t head_dim) {
  const at::Tensor heads = x.view({x.size(0), x.size(1) / head_dim, head_dim});
  return RotaryFunction::apply(heads, rotation).view(x.sizes());
}

}  // namespace lorafleet::model
