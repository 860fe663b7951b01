#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "model/network/family.hpp"
#include "model/network/quantization/quantized_weight.hpp"

namespace lorafleet::model {

/// The weights of a base as numbers, whatever its files hold: where its linear layers are
/// quantised, there or by model.quantization, what codes and scales stand for, in float32.
class BaseValues {
 public:
  /// `kind`: what the base is held in (agreed_quantization). Both must outlive this. Throws
  /// InputError where the files hold something else in fewer bits than linear layers, or these
  /// otherwise than config.json says, and where one of them is missing or only a part of it there.
  BaseValues(const Checkpoint& checkpoint, const BaseDescription& base, Quantization kind);

  struct Tensor {
    std::string key;                  ///< in the checkpoint
    std::string name;                 ///< in the whole model
    std::vector<std::int64_t> shape;  ///< as a plain checkpoint has it
    const Checkpoint::Tensor* held = nullptr;
    const LinearShape* quantized = nullptr;  ///< the layer, where its weight is
  };
  /// By key. Buffers and what the head shares with the embedding are not among them.
  [[nodiscard]] const std::vector<Tensor>& tensors() const { return tensors_; }

  /// Calls `block(first, values)` with a tensor's elements in order.
  void read(const Tensor& tensor,
            const std::function<void(std::size_t first, std::span<const float>)>& block) const;

 private:
  void check_complete(const std::set<std::string>& taken) const;
  [[nodiscard]] QuantizedWeight weight_of(const Tensor& tensor) const;

  const Checkpoint& checkpoint_;
  const BaseDescription& base_;
  Quantization kind_;
  std::vector<Tensor> tensors_;
};

}  // namespace lorafleet::model
