#include "model/adapter/adapter.hpp"

#include <algorithm>
#include <cmath>

#include "partition/support/hash.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

constexpr double kNewDeviation = 0.02;

}  // namespace

double LoraModule::scale() const {
  return alpha / (use_rslora ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank));
}

AdapterLayout::AdapterLayout(std::vector<LoraModule> modules, std::vector<WholeTensor> whole)
    : modules_(std::move(modules)), whole_(std::move(whole)) {
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    offsets_.push_back(size_);
    size_ += a_size(i) + b_size(i);
  }
  factors_size_ = size_;
  for (const WholeTensor& tensor : whole_) {
    whole_offsets_.push_back(size_);
    size_ += tensor.size();
  }
}

std::size_t AdapterLayout::a_size(std::size_t module) const {
  return static_cast<std::size_t>(modules_[module].rank * modules_[module].in);
}

std::size_t AdapterLayout::b_offset(std::size_t module) const {
  return offsets_[module] + a_size(module);
}

std::size_t AdapterLayout::b_size(std::size_t module) const {
  return static_cast<std::size_t>(modules_[module].rank * modules_[module].out);
}

std::span<float> Adapter::a(std::size_t module) {
  return std::span(values).subspan(layout->a_offset(module), layout->a_size(module));
}

std::span<float> Adapter::b(std::size_t module) {
  return std::span(values).subspan(layout->b_offset(module), layout->b_size(module));
}

std::span<const float> Adapter::a(std::size_t module) const {
  return std::span(values).subspan(layout->a_offset(module), layout->a_size(module));
}

std::span<const float> Adapter::b(std::size_t module) const {
  return std::span(values).subspan(layout->b_offset(module), layout->b_size(module));
}

std::span<float> Adapter::whole() {
  return std::span(values).subspan(layout->factors_size());
}

std::span<const float> Adapter::whole() const {
  return std::span(values).subspan(layout->factors_size());
}

Adapter initial_adapter(LayoutPtr layout, std::uint64_t run_seed) {
  Adapter adapter{layout, std::vector<float>(layout->size(), 0.0f)};
  for (std::size_t i = 0; i < layout->modules().size(); ++i) {
    Random random(run_seed, Purpose::adapter_init, i);
    const double bound = 1.0 / std::sqrt(static_cast<double>(layout->modules()[i].in));
    for (float& value : adapter.a(i)) {
      value = static_cast<float>(random.uniform(-bound, bound));
    }
  }
  for (std::size_t i = 0; i < layout->whole().size(); ++i) {
    const WholeTensor& tensor = layout->whole()[i];
    if (tensor.shape.size() < 2) continue;
    Random random(run_seed, Purpose::adapter_init, layout->modules().size() + i);
    const std::span<float> values =
        std::span(adapter.values).subspan(layout->whole_offset(i), tensor.size());
    for (float& value : values)
      value = static_cast<float>(kNewDeviation * random.normal());
  }
  return adapter;
}

double l2_norm(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) {
    sum += static_cast<double>(value) * value;
  }
  return std::sqrt(sum);
}

bool all_finite(const Adapter& adapter) {
  return std::all_of(adapter.values.begin(), adapter.values.end(),
                     [](float value) { return std::isfinite(value); });
}

std::string sha256(const Adapter& adapter) {
  Sha256 hash;
  for (const auto& module : adapter.layout->modules()) {
    hash.update(module.name + ' ' + std::to_string(module.rank) + ' ' + std::to_string(module.in) +
                ' ' + std::to_string(module.out) + '\n');
  }
  for (const WholeTensor& tensor : adapter.layout->whole()) {
    hash.update(tensor.name);
    for (const std::int64_t side : tensor.shape)
      hash.update(' ' + std::to_string(side));
    hash.update("\n");
  }
  hash.update(std::span<const float>(adapter.values));
  if (adapter.base_change) {
    hash.update("base change\n");
    for (const auto& delta : adapter.base_change->deltas)
      hash.update(std::span<const float>(delta));
  }
  return hash.hex();
}

}  // namespace lorafleet::model
