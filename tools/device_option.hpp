#pragma once

#include <string>

namespace lorafleet::tools {

class CommandLine;

/// The device that --device names; else the first one of `choice`, a run's slots.device, or where
/// that is not on this machine the CPU, with a warning. Throws InputError that names the option
/// where there is no such device.
std::string device_option(const CommandLine& line, const std::string& choice);

}  // namespace lorafleet::tools
