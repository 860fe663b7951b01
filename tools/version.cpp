#include "tools/version.hpp"

#include <iostream>

#include "model/device/blas_kernels.hpp"
#include "model/device/runtime_info.hpp"
#include "tools/command_line.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {

int version_command(const Arguments& arguments) {
  CommandLine line("version", "Prints the version and what results depend on besides the scenario.",
                   "version");
  if (!line.parse(arguments)) return kDone;
  const auto runtime = model::runtime_info();
  const std::string& instead = model::blas_kernels().instead;
  std::cout << "lorafleet " << kVersion << "\nLibTorch " << runtime.libtorch << ", " << runtime.isa
            << "\nBLAS " << runtime.blas << ", kernels " << runtime.kernels
            << (instead.empty() ? "" : " (by itself it takes " + instead + ")") << "\noneDNN "
            << runtime.onednn << "\nCPU " << runtime.cpu << ", "
            << model::name_of(model::cpu_vector_isa()) << "\n";
  for (const auto& line : model::runtime_warnings())
    print_warning(line);
  return kDone;
}

}  // namespace lorafleet::tools
