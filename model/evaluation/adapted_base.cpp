#include "model/evaluation/adapted_base.hpp"

#include <c10/util/Exception.h>

#include <optional>
#include <string>

#include "model/device/device_turns.hpp"
#include "model/device/out_of_memory.hpp"
#include "model/network/network.hpp"

namespace lorafleet::model {

AdaptedBase::AdaptedBase(const BaseModel& base, const AdapterPtr& adapter, at::ScalarType type)
    : values_(adapter ? adapter->values : std::vector<float>()) {
  const std::string device = base.network().device().str();
  const auto make = [&](bool alone) {
    const DeviceTurn turn(device, alone);
    base_ = base.under(adapter.get());
    if (adapter) {
      lora_ =
          std::make_unique<LoraLeaves>(base, *adapter->layout, values_.data(), std::nullopt, type);
    }
  };
  try {
    make(/*alone=*/false);
    return;
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) throw;
  }
  make(/*alone=*/true);
}

}  // namespace lorafleet::model
