#include "model/lora.hpp"

#include <torch/torch.h>

#include <algorithm>

namespace lorafleet::model {

LoraLeaves::LoraLeaves(const OptConfig& opt, const AdapterLayout& layout, float* values,
                       bool trainable)
    : layers_(static_cast<std::size_t>(opt.num_hidden_layers)) {
  for (std::size_t i = 0; i < layout.modules().size(); ++i) {
    const LoraModule& module = layout.modules()[i];
    const ModulePlace place = find_module(opt, module);
    LoraFactors& factors =
        layers_[static_cast<std::size_t>(place.layer)][static_cast<std::size_t>(place.kind)];
    factors.a = at::from_blob(values + layout.a_offset(i), {module.rank, module.in}, at::kFloat);
    factors.b = at::from_blob(values + layout.b_offset(i), {module.out, module.rank}, at::kFloat);
    factors.scale = module.scale();
    for (const at::Tensor& leaf : {factors.a, factors.b}) {
      leaf.set_requires_grad(trainable);
      leaves_.push_back(leaf);
    }
  }
}

void LoraLeaves::set_dropout(double probability, std::uint64_t seed) {
  dropout_ = probability;
  generator_ = at::detail::createCPUGenerator(seed);
}

const LoraFactors& LoraLeaves::factors(std::int64_t layer, LinearKind kind) const {
  return layers_[static_cast<std::size_t>(layer)][static_cast<std::size_t>(kind)];
}

at::Tensor LoraLeaves::dropout_mask(const at::Tensor& x) {
  if (dropout_ == 0.0) return {};
  const at::NoGradGuard no_grad;
  return at::empty(x.sizes(), x.options())
      .bernoulli_(1.0 - dropout_, generator_)
      .div_(1.0 - dropout_);
}

void LoraLeaves::flatten(const std::vector<at::Tensor>& gradients, std::vector<float>& flat) const {
  float* target = flat.data();
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const std::int64_t size = leaves_[i].numel();
    if (gradients[i].defined()) {
      const at::Tensor gradient = gradients[i].contiguous();
      std::copy_n(gradient.data_ptr<float>(), size, target);
    } else {
      std::fill_n(target, size, 0.0f);
    }
    target += size;
  }
}

}  // namespace lorafleet::model
