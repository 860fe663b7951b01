#include "model/network/layers/frozen_linear.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include "model/device/device.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/rows/lora_products.hpp"
#include "model/network/rows/tensor_rows.hpp"

namespace lorafleet::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor product(const at::Tensor& x, const FrozenLinear& layer) {
  return times_transposed(x, layer.weight, layer.bias, layer.packed.get());
}

/// A weight among what a graph keeps, which takes tensors and objects of LibTorch's alone.
struct KeptWeight : torch::CustomClassHolder {
  explicit KeptWeight(FrozenMatrix own) : weight(std::move(own)) {}
  FrozenMatrix weight;
};

constexpr const char* kWeight = "weight";

void keep(AutogradContext& context, const FrozenMatrix& weight) {
  context.saved_data[kWeight] = at::IValue::make_capsule(c10::make_intrusive<KeptWeight>(weight));
}

FrozenMatrix kept_weight(AutogradContext& context) {
  return static_cast<const KeptWeight&>(*context.saved_data[kWeight].toCapsule()).weight;
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const FrozenLinear& layer) {
    keep(*context, layer.weight);
    return product(x, layer);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {times(gradients[0], kept_weight(*context)), at::Tensor()};
  }
};

/// What LoraFunction does not differentiate. A struct, since not every LibTorch takes an undefined
/// tensor, or the same optional type, as an argument of its own.
struct LoraConstants {
  FrozenLinear layer;
  double scale = 0.0;
  at::Tensor mask;
};

struct LoraFunction : torch::autograd::Function<LoraFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& a,
                            const at::Tensor& b, const LoraConstants& constants) {
    const at::Tensor& mask = constants.mask;
    const at::Tensor dropped = mask.defined() ? x * mask : x.contiguous();
    at::Tensor low;  // [T, r], or with more columns on the host
    at::Tensor y = product(x, constants.layer);
    if (computes_on_host(x.device())) {
      const LoraProducts products = host_products(a, b, constants.scale);
      low = at::empty({x.size(0), products.columns()}, x.options());
      products.narrow(rows_of(dropped), x.size(0), low.data_ptr<float>());
      products.widen(low.data_ptr<float>(), x.size(0), rows_into(y));
    } else {
      low = at::mm(dropped, a.t());
      y.addmm_(low, b.t(), 1.0, constants.scale);
    }
    context->save_for_backward({x, a, b, low, mask});
    keep(*context, constants.layer.weight);
    context->saved_data["scale"] = constants.scale;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &a = saved[1], &b = saved[2], &low = saved[3], &mask = saved[4];
    const FrozenMatrix weight = kept_weight(*context);
    const double scale = context->saved_data["scale"].toDouble();
    if (computes_on_host(x.device())) {
      return host_backward(x, a, b, weight, low, mask, scale, gradients[0].contiguous());
    }
    const at::Tensor& g = gradients[0];
    at::Tensor grad_x, grad_a, grad_b;
    if (b.requires_grad()) grad_b = at::mm(g.t(), low).mul_(scale);  // [out, r]
    at::Tensor grad_low;                                             // [T, r]
    if (a.requires_grad() || x.requires_grad()) grad_low = at::mm(g, b).mul_(scale);
    if (a.requires_grad()) {
      grad_a = at::mm(grad_low.t(), mask.defined() ? x * mask : x);  // [r, in]
    }
    if (x.requires_grad()) {
      grad_x = times(g, weight);
      if (mask.defined()) {
        grad_x.add_(at::mm(grad_low, a).mul_(mask));
      } else {
        grad_x.addmm_(grad_low, a);
      }
    }
    return {grad_x, grad_a, grad_b, at::Tensor()};
  }

 private:
  static LoraProducts host_products(const at::Tensor& a, const at::Tensor& b, double scale) {
    return {a.data_ptr<float>(), b.data_ptr<float>(), a.size(0), a.size(1), b.size(0), scale};
  }

  /// The same from small products; g: contiguous.
  static variable_list host_backward(const at::Tensor& x, const at::Tensor& a, const at::Tensor& b,
                                     const FrozenMatrix& weight, const at::Tensor& low,
                                     const at::Tensor& mask, double scale, const at::Tensor& g) {
    const LoraProducts products = host_products(a, b, scale);
    const std::int64_t rows = x.size(0);
    at::Tensor grad_x, grad_a, grad_b, grad_low;
    if (b.requires_grad()) {
      grad_b = at::empty(b.sizes(), b.options());
      products.factor_b(rows_of(g), low.data_ptr<float>(), rows, grad_b.data_ptr<float>());
    }
    if (a.requires_grad() || x.requires_grad()) {
      grad_low = at::empty({rows, products.columns()}, x.options());
      products.narrow_gradient(rows_of(g), rows, grad_low.data_ptr<float>());
    }
    if (a.requires_grad()) {
      const at::Tensor dropped = mask.defined() ? x * mask : x.contiguous();
      grad_a = at::zeros(a.sizes(), a.options());
      products.factor_a(grad_low.data_ptr<float>(), rows_of(dropped), rows,
                        grad_a.data_ptr<float>());
    }
    if (x.requires_grad()) {
      grad_x = times(g, weight);
      at::Tensor own = mask.defined() ? at::zeros_like(grad_x) : grad_x;
      products.widen_gradient(grad_low.data_ptr<float>(), rows, rows_into(own));
      if (mask.defined()) grad_x.addcmul_(own, mask);
    }
    return {grad_x, grad_a, grad_b, at::Tensor()};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const FrozenLinear& layer) {
  return x.requires_grad() && at::GradMode::is_enabled() ? LinearFunction::apply(x, layer)
                                                         : product(x, layer);
}

at::Tensor lora_linear(const at::Tensor& x, const FrozenLinear& layer, const LoraFactors& lora,
                       const at::Tensor& mask) {
  return LoraFunction::apply(x, lora.a, lora.b, LoraConstants{layer, lora.scale, mask});
}

}  // namespace lorafleet::model
