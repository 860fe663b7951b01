#include "model/device/alone_at_worst.hpp"

#include <c10/util/Exception.h>

#include "model/device/device_turns.hpp"
#include "model/device/out_of_memory.hpp"

namespace lorafleet::model {

void alone_at_worst(const at::Device& device, const std::function<void()>& work) {
  try {
    const DeviceTurn turn(device.str(), /*alone=*/false);
    return work();
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) throw;
  }
  const DeviceTurn turn(device.str(), /*alone=*/true);
  work();
}

}  // namespace lorafleet::model
