#include "tools/device_option.hpp"

#include "model/device/device_name.hpp"
#include "model/device/devices.hpp"
#include "partition/support/error.hpp"
#include "tools/command_line.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {
namespace {

/// "slots.device: there is no cuda:3" without the scenario's key.
std::string without_key(const InputError& missing) {
  const std::string text = missing.what();
  const std::string key = "slots.device: ";
  return text.starts_with(key) ? text.substr(key.size()) : text;
}

}  // namespace

std::string device_option(const CommandLine& line, const std::string& choice) {
  if (line.has("device")) {
    const std::string name = line.text("device");
    if (!model::is_device_name(name)) {
      throw InputError("--device", "\"" + name + "\" is no device; allowed: cpu, cuda, cuda:N");
    }
    try {
      return model::find_devices(name).front();
    } catch (const InputError& missing) {
      throw InputError("--device", without_key(missing));
    }
  }
  try {
    return model::find_devices(model::first_device(choice)).front();
  } catch (const InputError& missing) {
    print_warning("the run's slots.device = \"" + choice + "\" is not on this machine: " +
                  without_key(missing) + "; text is generated on the CPU");
    return "cpu";
  }
}

}  // namespace lorafleet::tools
