#pragma once

#include <string>
#include <vector>

namespace lorafleet::model {

/// The devices of this machine that `[slots] device` names (is_device_choice), in its order. Throws
/// InputError where one of them is not there, or GPUs have cards of different names.
std::vector<std::string> find_devices(const std::string& choice);

}  // namespace lorafleet::model
