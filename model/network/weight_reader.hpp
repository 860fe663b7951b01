#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "model/network/layers/frozen_linear.hpp"
#include "model/network/layers/norm.hpp"
#include "model/network/quantization/quantized_weight.hpp"
#include "model/network/quantization_config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// float32, bfloat16 or float16 by name. Throws InputError for another name, and for float16 where
/// the device cannot compute in it. Internal to model/.
at::ScalarType base_dtype(const std::string& name, at::Device device);

/// What a base's tensors become.
struct WeightForm {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  Quantization quantization = Quantization::none;  ///< of linear layers
  HeldQuantization files = {};                     ///< where none, it is made of numbers
};

/// Takes the tensors of a checkpoint one by one and remembers which. Each goes straight from the
/// file into its final type, and then to the device. Throws InputError that names the file, the
/// tensor and what was wrong. Internal to model/.
class WeightReader {
 public:
  WeightReader(const Checkpoint& checkpoint, const WeightForm& form)
      : checkpoint_(checkpoint), form_(form) {}

  [[nodiscard]] const Checkpoint& checkpoint() const { return checkpoint_; }
  [[nodiscard]] Quantization quantization() const { return form_.quantization; }
  [[nodiscard]] bool has(const std::string& name) const {
    return checkpoint_.find(key_of(name)) != nullptr;
  }
  /// Whether any name in the files begins so.
  [[nodiscard]] bool has_under(const std::string& prefix) const {
    const auto first = checkpoint_.tensors().lower_bound(prefix);
    return first != checkpoint_.tensors().end() && first->first.starts_with(prefix);
  }
  /// The files leave this out at the front of names, as those of a model without its head do.
  void leave_out(std::string prefix) { left_out_ = std::move(prefix); }

  /// In the model's dtype.
  at::Tensor matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, {rows, columns}, form_.dtype).to(form_.device);
  }
  at::Tensor matrix_float32(const std::string& name, std::int64_t rows, std::int64_t columns) {
    return read(name, {rows, columns}, at::kFloat).to(form_.device);
  }
  at::Tensor float32(const std::string& name, const std::vector<std::int64_t>& shape) {
    return read(name, shape, at::kFloat).to(form_.device);
  }
  at::Tensor vector(const std::string& name, std::int64_t size) {
    return read(name, {size}, at::kFloat).to(form_.device);
  }
  FrozenLinear linear(const std::string& name, const LinearShape& shape);
  Norm norm(const std::string& name, std::int64_t size, const NormParts& parts);

  /// A tensor of the files that may be there and is not used.
  void skip(const std::string& key) { taken_.insert(key); }
  /// The same by its name in the whole model.
  void skip_weight(const std::string& name) { skip(key_of(name)); }
  /// A weight that nothing asked for would change what the model computes.
  void refuse_leftovers() const;

 private:
  /// What the files call a tensor of the whole model.
  [[nodiscard]] std::string key_of(const std::string& name) const;
  /// On the CPU.
  at::Tensor read(const std::string& name, const std::vector<std::int64_t>& shape,
                  at::ScalarType dtype);
  FrozenMatrix linear_weight(const std::string& module, const LinearShape& shape);
  [[nodiscard]] QuantizedMatrix placed(QuantizedWeight weight) const;

  const Checkpoint& checkpoint_;
  WeightForm form_;
  std::string left_out_;
  std::set<std::string> taken_;
};

}  // namespace lorafleet::model
