#include <iostream>

#include "scenarios/schema/json_schema.hpp"
#include "scenarios/schema/reference.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

int schema_command(const Arguments& arguments) {
  CommandLine line("schema",
                   "Prints every section and key of a scenario with type, default and meaning, as "
                   "Markdown.",
                   "schema");
  line.flag("json", "as a JSON Schema, for editors, instead");
  if (!line.parse(arguments)) return kDone;
  std::cout << (line.on("json") ? scenarios::json_schema() : scenarios::markdown_reference());
  return kDone;
}

}  // namespace lorafleet::tools
