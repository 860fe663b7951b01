#include "model/network/step/group_pass.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/device/device.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "model/network/rows/lora_products.hpp"
#include "model/network/rows/parallel_rows.hpp"
#include "model/network/rows/tensor_rows.hpp"
#include "model/network/step/device_terms.hpp"

namespace lorafleet::model {
namespace {

LoraProducts products_of(const LoraFactors& lora) {
  return {lora.a.data_ptr<float>(), lora.b.data_ptr<float>(), lora.a.size(0),
          lora.a.size(1),           lora.b.size(0),           lora.scale};
}

/// Adds the LoRA term of x (dropped) to y and returns x A^T.
at::Tensor add_term(const at::Tensor& x, const LoraFactors& lora, at::Tensor y) {
  const LoraProducts products = products_of(lora);
  at::Tensor low = at::empty({x.size(0), products.columns()}, x.options());
  over_rows(x.size(0), x.size(1) + y.size(1), [&](std::int64_t first, std::int64_t count) {
    float* own = rows_into(low, first).data;
    products.narrow(rows_of(x, first), count, own);
    products.widen(own, count, rows_into(y, first));
  });
  return low;
}

/// One member in the backward pass; g: its columns.
struct Member {
  const LoraFactors& lora;
  const at::Tensor& g;
  const at::Tensor& low;
  const at::Tensor& mask;

  void differentiate(const at::Tensor& x, at::Tensor& dx, FactorGradients& gradients) const {
    const LoraProducts products = products_of(lora);
    const std::int64_t rows = g.size(0);
    if (lora.trained_b >= 0) {
      const at::Tensor grad_b = at::empty(lora.b.sizes(), g.options());
      products.factor_b(rows_of(g), low.data_ptr<float>(), rows, grad_b.data_ptr<float>());
      at_place(gradients, lora.trained_b) = grad_b;
    }
    if (lora.trained_a < 0 && !dx.defined()) return;
    const at::Tensor grad_low = at::empty({rows, products.columns()}, g.options());
    const at::Tensor own =
        dx.defined() && mask.defined() ? at::zeros(dx.sizes(), dx.options()) : dx;
    over_rows(rows, g.size(1) + lora.a.size(1), [&](std::int64_t first, std::int64_t count) {
      float* narrow = rows_into(grad_low, first).data;
      products.narrow_gradient(rows_of(g, first), count, narrow);
      if (own.defined()) products.widen_gradient(narrow, count, rows_into(own, first));
    });
    if (dx.defined() && mask.defined()) dx.addcmul_(own, mask);
    if (lora.trained_a < 0) return;
    const at::Tensor grad_a = at::zeros(lora.a.sizes(), g.options());
    const at::Tensor dropped = masked(x, mask);
    products.factor_a(grad_low.data_ptr<float>(), rows_of(dropped), rows, grad_a.data_ptr<float>());
    at_place(gradients, lora.trained_a) = grad_a;
  }

 private:
  static at::Tensor& at_place(FactorGradients& gradients, std::ptrdiff_t place) {
    return gradients[static_cast<std::size_t>(place)];
  }
};

}  // namespace

bool trains(const LinearGroup& group, const JobRows& jobs) {
  return std::any_of(jobs.leaves.begin(), jobs.leaves.end(), [&](const LoraLeaves* lora) {
    return std::any_of(group.modules.begin(), group.modules.end(),
                       [&](std::size_t module) { return lora->factors(module).trained(); });
  });
}

at::Tensor group_forward(const LinearGroup& group, const Operand& x, const JobRows& jobs,
                         GroupTape* tape) {
  const bool on_host = computes_on_host(x.values.device());
  at::Tensor y =
      times_transposed(x.factor(), group.fused.weight,
                       on_host ? group.fused.bias : group.narrow_bias, group.fused.packed.get());
  if (!on_host) {
    if (jobs.count() > 0) add_terms(group, x.values, jobs, y, tape);
    return y;
  }
  for (std::size_t i = 0; i < group.modules.size(); ++i) {
    for (std::size_t job = 0; job < jobs.count(); ++job) {
      LoraLeaves& lora = *jobs.leaves[job];
      const LoraFactors& factors = lora.factors(group.modules[i]);
      at::Tensor low;
      if (tape != nullptr) tape->dropout.push_back(lora.dropout());
      if (factors.defined()) {
        const at::Tensor own = jobs.of(x.values, job);
        low = add_term(masked(own, dropout_mask(lora.dropout(), own.sizes(), own.device())),
                       factors, group.columns(jobs.of(y, job), i));
      }
      if (tape != nullptr) tape->low.push_back(low);
    }
  }
  return y;
}

at::Tensor group_backward(const LinearGroup& group, const at::Tensor& g, const JobRows& jobs,
                          const GroupTape& tape, const std::function<at::Tensor()>& input,
                          bool wants_x, std::vector<FactorGradients>& gradients) {
  at::Tensor dx;
  if (wants_x) dx = times(g, group.fused.weight, group.fused.packed.get());
  if (!computes_on_host(g.device())) {
    add_term_gradients(group, g, jobs, tape, input, dx, gradients);
    return dx;
  }
  at::Tensor x;
  for (std::size_t i = 0; i < group.modules.size(); ++i) {
    for (std::size_t job = 0; job < jobs.count(); ++job) {
      const LoraFactors& factors = jobs.leaves[job]->factors(group.modules[i]);
      if (!factors.defined()) continue;
      if (!x.defined() && factors.trained_a >= 0) x = input();
      const std::size_t place = i * jobs.count() + job;
      const at::Tensor own = group.columns(jobs.of(g, job), i);
      Dropout dropout = tape.dropout[place];
      const at::Tensor mask = dropout_mask(dropout, {own.size(0), factors.a.size(1)}, g.device());
      const Member member{factors, own, tape.low[place], mask};
      const at::Tensor own_x = x.defined() ? jobs.of(x, job) : x;
      at::Tensor own_dx = dx.defined() ? jobs.of(dx, job) : dx;
      member.differentiate(own_x, own_dx, gradients[job]);
    }
  }
  return dx;
}

}  // namespace lorafleet::model
