#include "model/network/lora_leaves.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "model/adapter/lora_layout.hpp"
#include "model/device/device.hpp"
#include "model/network/kernels/drop_mask.hpp"
#include "model/network/network.hpp"

namespace lorafleet::model {

LoraLeaves::LoraLeaves(const BaseModel& base, const AdapterLayout& layout, float* values,
                       std::optional<Factors> trained)
    : factors_(base.shape().modules()) {
  const at::Device device = base.network().device();
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const LoraModule& module = layout.modules()[i];
    LoraFactors& factors = factors_[find_module(base.shape(), module)];
    factors.a = at::from_blob(values + layout.a_offset(i), {module.rank, module.in}, at::kFloat);
    factors.b = at::from_blob(values + layout.b_offset(i), {module.out, module.rank}, at::kFloat);
    factors.scale = module.scale();
    for (at::Tensor* leaf : {&factors.a, &factors.b}) {
      values_.push_back(*leaf);
      if (!computes_on_host(device)) *leaf = leaf->to(device, false, /*copy=*/true);
      const bool is_a = leaf == &factors.a;
      leaf->set_requires_grad(trained && *trained != (is_a ? Factors::b : Factors::a));
      leaves_.push_back(*leaf);
      if (!leaf->requires_grad()) continue;
      (is_a ? factors.trained_a : factors.trained_b) = std::ssize(trained_);
      trained_.push_back(*leaf);
    }
  }
}

void LoraLeaves::refresh() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (!leaves_[i].is_same(values_[i])) leaves_[i].copy_(values_[i]);
  }
}

at::Tensor dropout_mask(Dropout& dropout, at::IntArrayRef sizes, at::Device device) {
  if (!dropout.active()) return {};
  const at::NoGradGuard no_grad;
  if (draws_on(device)) {
    const DropSource own = dropout.next();
    return drop_mask(consecutive_rows({own.key, own.counter, 0}, sizes[0], sizes[1]), sizes[1],
                     dropout.probability(), device);
  }
  at::Tensor mask = at::empty(sizes, at::kFloat);
  dropout.fill({mask.data_ptr<float>(), static_cast<std::size_t>(mask.numel())});
  return mask.to(device);
}

void LoraLeaves::add_flat(const std::vector<at::Tensor>& gradients,
                          std::vector<float>& flat) const {
  float* target = flat.data();
  for (std::size_t i = 0; i < trained_.size(); ++i) {
    const std::int64_t size = trained_[i].numel();
    if (gradients[i].defined()) {
      const at::Tensor gradient = gradients[i].cpu().contiguous();
      std::transform(target, target + size, gradient.data_ptr<float>(), target, std::plus<>());
    }
    target += size;
  }
}

}  // namespace lorafleet::model
