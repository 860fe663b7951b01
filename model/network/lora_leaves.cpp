#include "model/network/lora_leaves.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "model/adapter/lora_layout.hpp"
#include "model/device/device.hpp"
#include "model/device/staging.hpp"
#include "model/network/kernels/drop_mask.hpp"
#include "model/network/network.hpp"

namespace lorafleet::model {

LoraLeaves::LoraLeaves(const BaseModel& base, const AdapterLayout& layout, float* values,
                       std::optional<Factors> trained, at::ScalarType type)
    : factors_(base.shape().modules()) {
  const at::Device device = base.network().device();
  at::Tensor wide = at::from_blob(values, {static_cast<std::int64_t>(layout.size())}, at::kFloat);
  if (!computes_on_host(device)) {
    wide = device.is_cpu() ? wide.clone() : staged(wide, device);
  }
  const at::Tensor narrow = wide.to(type);
  const auto matrix = [](const at::Tensor& from, std::size_t first, std::int64_t rows,
                         std::int64_t columns) {
    return from.narrow(0, static_cast<std::int64_t>(first), rows * columns).view({rows, columns});
  };
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const LoraModule& module = layout.modules()[i];
    LoraFactors& factors = factors_[find_module(base.shape(), module)];
    factors.a = matrix(narrow, layout.a_offset(i), module.rank, module.in);
    factors.b = matrix(narrow, layout.b_offset(i), module.out, module.rank);
    factors.scale = module.scale();
    for (at::Tensor* leaf : {&factors.a, &factors.b}) {
      const bool is_a = leaf == &factors.a;
      leaf->set_requires_grad(trained && *trained != (is_a ? Factors::b : Factors::a));
      if (!leaf->requires_grad()) continue;
      (is_a ? factors.trained_a : factors.trained_b) = std::ssize(trained_);
      trained_.push_back(*leaf);
    }
  }
  check_whole(base.shape(), layout.whole());
  if (trained && !layout.whole().empty()) first_whole_ = std::ssize(trained_);
  for (std::size_t i = 0; i < layout.whole().size(); ++i) {
    const std::vector<std::int64_t>& shape = layout.whole()[i].shape;
    const std::int64_t count = c10::multiply_integers(shape);
    at::Tensor leaf =
        wide.narrow(0, static_cast<std::int64_t>(layout.whole_offset(i)), count).view(shape);
    leaf.set_requires_grad(trained.has_value());
    whole_.push_back(leaf);
    if (trained) trained_.push_back(leaf);
  }
}

void LoraLeaves::follow(const at::Tensor& flat) {
  const at::NoGradGuard no_grad;
  followed_ = flat;
  if (trained_.empty()) return;
  const at::ScalarType type = trained_.front().scalar_type();
  if (type != flat.scalar_type()) narrow_ = flat.to(type);
  std::int64_t first = 0;
  for (at::Tensor& leaf : trained_) {
    const at::Tensor& memory = leaf.scalar_type() == flat.scalar_type() ? flat : narrow_;
    leaf.set_data(memory.narrow(0, first, leaf.numel()).view(leaf.sizes()));
    first += leaf.numel();
  }
}

void LoraLeaves::refresh() {
  const at::NoGradGuard no_grad;
  if (narrow_.defined()) narrow_.copy_(followed_);
}

at::Tensor dropout_mask(Dropout& dropout, at::IntArrayRef sizes, at::Device device) {
  if (!dropout.active()) return {};
  const at::NoGradGuard no_grad;
  if (draws_on(device)) {
    const DropSource own = dropout.next();
    return drop_mask({{{own.key, own.counter}, sizes[0]}}, sizes[1], dropout.probability(), device);
  }
  at::Tensor mask = at::empty(sizes, at::kFloat);
  dropout.fill({mask.data_ptr<float>(), static_cast<std::size_t>(mask.numel())});
  return staged(mask, device);
}

at::Tensor masked(const at::Tensor& x, const at::Tensor& mask) {
  return mask.defined() ? (x * mask).to(x.scalar_type()) : x;
}

void LoraLeaves::add_flat(const std::vector<at::Tensor>& gradients,
                          std::vector<float>& flat) const {
  float* target = flat.data();
  for (std::size_t i = 0; i < trained_.size(); ++i) {
    const std::int64_t size = trained_[i].numel();
    if (gradients[i].defined()) {
      const at::Tensor gradient = gradients[i].to(at::kCPU, at::kFloat).contiguous();
      std::transform(target, target + size, gradient.data_ptr<float>(), target, std::plus<>());
    }
    target += size;
  }
}

}  // namespace lorafleet::model
