#include <iostream>

#include "actors/run/trainers/train_kinds.hpp"
#include "actors/run/workload.hpp"
#include "tools/command_line.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/footprint_text.hpp"

namespace lorafleet::tools {

int check_command(const Arguments& arguments) {
  CommandLine line("check",
                   "Validates a scenario and the data that it names, and prints it with every "
                   "default filled in, on stdout.",
                   "check scenarios/quickstart.toml --set lora.r=16");
  add_scenario(line);
  line.flag("no-data", "do not read the data files");
  line.note("Exit status: 0 valid, 2 with all errors on stderr.");
  if (!line.parse(arguments)) return kDone;
  const auto scenario = read_scenario_argument(line);
  if (line.on("no-data")) {
    actors::check_base(scenario.federation);
  } else {
    actors::check_data(scenario.federation, print_note, print_warning);
  }
  if (actors::has_base(scenario.federation)) {
    for (const std::string& text : footprint_lines(scenario.federation))
      print_note(text);
  }
  std::cout << scenarios::to_toml(scenario);
  return kDone;
}

}  // namespace lorafleet::tools
