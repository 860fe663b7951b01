#include "model/device/device_name.hpp"

#include <regex>

namespace lorafleet::model {

bool is_device_name(const std::string& name) {
  static const std::regex form("cpu|cuda(:(0|[1-9][0-9]?))?");
  return std::regex_match(name, form);
}

}  // namespace lorafleet::model
