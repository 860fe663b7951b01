#include <iostream>

#include "scenarios/reference.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

int schema_command(const Arguments& arguments) {
  CommandLine line("schema",
                   "Prints every section and key of a scenario with type, default and meaning, as "
                   "Markdown.",
                   "schema");
  if (!line.parse(arguments)) return kDone;
  std::cout << scenarios::markdown_reference();
  return kDone;
}

}  // namespace lorafleet::tools
