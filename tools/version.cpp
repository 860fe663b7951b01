#include "tools/version.hpp"

#include <iostream>

#include "model/runtime.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

int version_command(const Arguments& arguments) {
  CommandLine line("version", "Prints the version and what results depend on besides the scenario.",
                   "version");
  if (!line.parse(arguments)) return kDone;
  const auto runtime = model::runtime_info();
  std::cout << "lorafleet " << kVersion << "\nLibTorch " << runtime.libtorch << ", " << runtime.blas
            << "\n"
            << runtime.cpu << ", " << runtime.isa << "\n";
  return kDone;
}

}  // namespace lorafleet::tools
