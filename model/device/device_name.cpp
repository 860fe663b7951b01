#include "model/device/device_name.hpp"

#include <algorithm>
#include <string_view>

namespace lorafleet::model {

bool is_device_name(const std::string& name) {
  constexpr std::string_view kGpu = "cuda";
  if (is_cpu(name) || name == kGpu) return true;
  if (!name.starts_with("cuda:")) return false;
  const std::string_view number = std::string_view(name).substr(kGpu.size() + 1);
  const bool digits =
      std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && (number.size() == 1 || (number.size() == 2 && number[0] != '0'));
}

int device_index(const std::string& name) {
  const std::size_t colon = name.find(':');
  return colon == std::string::npos ? 0 : std::stoi(name.substr(colon + 1));
}

bool is_cpu(const std::string& name) {
  return name == "cpu";
}

}  // namespace lorafleet::model
