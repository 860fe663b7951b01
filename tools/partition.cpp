#include <iostream>

#include "actors/run/without_training.hpp"
#include "partition/support/printable.hpp"
#include "tools/command_line.hpp"
#include "tools/progress.hpp"
#include "tools/report_page.hpp"
#include "tools/scenario_argument.hpp"

namespace lorafleet::tools {

int partition_command(const Arguments& arguments) {
  CommandLine line("partition",
                   "Spreads the data over the clients as a scenario says, without training, and "
                   "prints how uneven that is.",
                   "partition scenarios/length_skew.toml --set partition.skew.0.alpha=1");
  add_scenario(line);
  line.option("out", "DIR",
              "write partition.json (loadable as partition.manifest), partition.svg and "
              "report.html there");
  if (!line.parse(arguments)) return kDone;

  const auto scenario = read_scenario_argument(line);
  ProgressDisplay display(progress_unless(false));
  actors::RunOptions options = observed_by(display);
  if (line.has("out")) {
    options.out = line.text("out");
    require_unused(options.out);
  }
  std::cout << printable(actors::partition_only(scenario.federation, options), true);
  if (!options.out.empty()) {
    std::cout << "manifest  " << (options.out / "partition.json").string() << "\n"
              << "picture   " << (options.out / "partition.svg").string() << "\n";
    if (scenario.federation.output.report) {
      try_report({{options.out}, {}, {}, scenario.federation.name}, options.out / "report.html");
    }
  }
  return kDone;
}

}  // namespace lorafleet::tools
