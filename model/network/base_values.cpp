#include "model/network/base_values.hpp"

#include <algorithm>
#include <optional>

#include "model/network/agreed_held.hpp"
#include "model/network/quantization/bitsandbytes.hpp"
#include "model/network/quantization/quantize.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

constexpr std::string_view kWeight = ".weight";

/// Empty for what is left out. A tied head that stands for the embedding becomes the embedding.
std::string merged_name(const BaseDescription& base, const Checkpoint& checkpoint,
                        const std::string& key) {
  const NetworkParts& parts = base.parts;
  std::string embedding = parts.embedding + ".weight";
  const auto is_embedding = [&](const auto& tensor) {
    return base.weight_name(tensor.first) == embedding;
  };
  if (parts.tied && key == parts.head + ".weight" &&
      std::none_of(checkpoint.tensors().begin(), checkpoint.tensors().end(), is_embedding)) {
    return embedding;
  }
  return base.weight_name(key);
}

/// The linear layer whose weight this is, or null.
const LinearShape* linear_of(const ModelShape& shape, const std::string& name) {
  if (!name.ends_with(kWeight)) return nullptr;
  const auto module = shape.find(std::string_view(name).substr(0, name.size() - kWeight.size()));
  return module ? &shape.linear(*module) : nullptr;
}

}  // namespace

BaseValues::BaseValues(const Checkpoint& checkpoint, const BaseDescription& base, Quantization kind)
    : checkpoint_(checkpoint), base_(base), kind_(kind) {
  const bool in_files = base.quantization.kind != Quantization::none;
  std::set<std::string> taken;
  for (const auto& [key, tensor] : checkpoint.tensors()) {
    const std::string name = merged_name(base, checkpoint, key);
    if (name.empty() || is_part(key)) continue;
    const LinearShape* linear = linear_of(base.shape, name);
    const Quantization as = linear == nullptr
                                ? held_in(checkpoint, key)
                                : agreed_held(base.quantization, checkpoint, key,
                                              name.substr(0, name.size() - kWeight.size()));
    const bool held = as != Quantization::none;
    if (held && linear == nullptr) {
      throw InputError(checkpoint.path_of(tensor).string(),
                       "tensor " + key + " is quantised and no linear layer's weight");
    }
    if (held) {
      const std::vector<std::string> own = tensors_of(checkpoint, key);
      taken.insert(own.begin(), own.end());
    }
    if (!held && !is_weight_type(tensor.view.dtype)) continue;
    const bool made = !in_files && kind != Quantization::none && linear != nullptr;
    const std::vector<std::int64_t> shape = !held && !made ? tensor.view.shape
                                            : linear->transposed
                                                ? std::vector{linear->in, linear->out}
                                                : std::vector{linear->out, linear->in};
    if (made && tensor.view.shape != shape) {
      throw InputError(checkpoint.path_of(tensor).string(),
                       "tensor " + key + " has another shape than config.json says");
    }
    tensors_.push_back({key, name, shape, &tensor, held || made ? linear : nullptr});
  }
  check_complete(taken);
}

/// Throws InputError where a linear layer is missing, and for parts that belong to no weight taken.
void BaseValues::check_complete(const std::set<std::string>& taken) const {
  std::set<std::string> names;
  for (const Tensor& tensor : tensors_)
    names.insert(tensor.name);
  for (std::size_t module = 0; module < base_.shape.modules(); ++module) {
    const std::string name = base_.shape.module_name(module) + std::string(kWeight);
    if (!names.contains(name))
      throw InputError(checkpoint_.path().string(), "tensor " + name + " is missing");
  }
  for (const auto& [key, tensor] : checkpoint_.tensors()) {
    if (!is_part(key) || taken.contains(key)) continue;
    throw InputError(checkpoint_.path_of(tensor).string(),
                     "tensor " + key + " has no place in the model that config.json describes");
  }
}

QuantizedWeight BaseValues::weight_of(const Tensor& tensor) const {
  const LinearShape& linear = *tensor.quantized;
  if (base_.quantization.kind != Quantization::none) {
    return read_quantized(checkpoint_, tensor.key, linear.out, linear.in);
  }
  std::vector<float> values(static_cast<std::size_t>(tensor.held->view.numel()));
  checkpoint_.read(*tensor.held, [&](std::size_t first, std::span<const float> block) {
    std::copy(block.begin(), block.end(), values.begin() + static_cast<std::ptrdiff_t>(first));
  });
  if (linear.transposed) values = transposed(values, linear.in, linear.out);
  return quantized(values, kind_, linear.out, linear.in, checkpoint_.path_of(*tensor.held).string(),
                   tensor.key);
}

void BaseValues::read(
    const Tensor& tensor,
    const std::function<void(std::size_t first, std::span<const float>)>& block) const {
  if (tensor.quantized == nullptr) return checkpoint_.read(*tensor.held, block);
  std::size_t first = 0;
  weight_of(tensor).read(tensor.quantized->transposed, [&](std::span<const float> values) {
    block(first, values);
    first += values.size();
  });
}

}  // namespace lorafleet::model
