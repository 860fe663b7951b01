#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "model/network/base_model.hpp"
#include "model/network/lora_leaves.hpp"

namespace lorafleet::model {

/// A base under an adapter, on the base's device, for work that trains nothing. Where there is no
/// memory for it beside what others compute there, it is made while nothing else computes. Internal
/// to model/.
class AdaptedBase {
 public:
  /// `adapter` null: the base alone. `type`: in which factors are multiplied. Throws c10::Error
  /// where there is no memory even so.
  AdaptedBase(const BaseModel& base, const AdapterPtr& adapter, at::ScalarType type);
  AdaptedBase(const AdaptedBase&) = delete;
  AdaptedBase& operator=(const AdaptedBase&) = delete;

  [[nodiscard]] const BaseModel& base() const { return *base_; }
  [[nodiscard]] LoraLeaves* lora() const { return lora_.get(); }

 private:
  std::vector<float> values_;
  BaseModelPtr base_;
  std::unique_ptr<LoraLeaves> lora_;
};

}  // namespace lorafleet::model
