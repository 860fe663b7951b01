#include <iostream>

#include "tools/command_line.hpp"
#include "tools/scenario_argument.hpp"

namespace lorafleet::tools {

int check_command(const Arguments& arguments) {
  CommandLine line("check",
                   "Validates a scenario and prints it with every default filled in, on stdout.",
                   "check scenarios/quickstart.toml --set lora.r=16");
  add_scenario(line);
  line.note("Exit status: 0 valid, 2 with all errors on stderr.");
  if (!line.parse(arguments)) return kDone;
  std::cout << scenarios::to_toml(read_scenario_argument(line));
  return kDone;
}

}  // namespace lorafleet::tools
