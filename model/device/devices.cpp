#include "model/device/devices.hpp"

#include "model/device/device.hpp"
#include "model/device/device_name.hpp"
#include "model/device/runtime_info.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

std::vector<std::string> find_devices(const std::string& choice) {
  if (!is_device_choice(choice)) {
    throw InputError(kDeviceKey, "\"" + choice + "\" is no device; allowed: " + kDeviceChoices);
  }
  if (is_cpu(choice)) return {choice};  // without waking up a GPU
  std::vector<std::string> devices = chosen_devices(choice, gpu_count());
  std::vector<std::string> cards;
  for (const std::string& device : devices) {
    find_device(device);
    cards.push_back(card_name(device));
  }
  const std::string unlike = unlike_cards(devices, cards);
  if (!unlike.empty()) throw InputError(kDeviceKey, unlike);
  return devices;
}

}  // namespace lorafleet::model
