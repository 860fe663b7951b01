#include "model/device/device_name.hpp"

#include <regex>

namespace lorafleet::model {

bool is_device_name(const std::string& name) {
  static const std::regex kForm("cuda(:(0|[1-9][0-9]?))?");
  return is_cpu(name) || std::regex_match(name, kForm);
}

bool is_cpu(const std::string& name) {
  return name == "cpu";
}

}  // namespace lorafleet::model
