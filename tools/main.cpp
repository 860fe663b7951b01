#include <iostream>

#include "model/device/process.hpp"
#include "partition/support/error.hpp"
#include "tools/commands.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {

namespace {

struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Arguments&);
};

constexpr Command kCommands[] = {
    {"run", "train a scenario", run_command},
    {"host", "train for a run elsewhere", host_command},
    {"status", "show the hosts and jobs of a run", status_command},
    {"watch", "follow a run of another process", watch_command},
    {"check", "validate a scenario and print it with every default", check_command},
    {"partition", "spread the data over the clients, without training", partition_command},
    {"evaluate", "score an adapter on a scenario's held-out examples", evaluate_command},
    {"generate", "continue prompts with a base and an adapter", generate_command},
    {"import", "write a data set as JSONL", import_command},
    {"merge", "write a base with an adapter folded in", merge_command},
    {"new-base", "write a base with random weights", new_base_command},
    {"sweep", "run a grid of scenarios and seeds into one table", sweep_command},
    {"report", "show runs as one page for a browser", report_command},
    {"compare", "print in what two runs differ", compare_command},
    {"verify", "rerun a scenario with other numbers of slots and compare bytes", verify_command},
    {"calibrate", "measure how fast this machine trains a model", calibrate_command},
    {"schema", "print every key of a scenario", schema_command},
    {"version", "print the version", version_command},
};

void print_help() {
  std::cout << "LoRAFleet simulates federated LoRA fine-tuning under heterogeneity.\n\n"
               "Usage: lorafleet COMMAND [arguments]\n\n";
  for (const auto& command : kCommands) {
    std::cout << "  " << command.name << std::string(12 - std::string(command.name).size(), ' ')
              << command.summary << "\n";
  }
  std::cout << "\n`lorafleet COMMAND --help` shows the options of a command.\n\n"
               "Example:\n  lorafleet run scenarios/quickstart.toml\n";
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty()) throw InputError("", "COMMAND is missing (lorafleet --help lists them)");
  const std::string& name = arguments.front();
  const Arguments rest(arguments.begin() + 1, arguments.end());
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return kDone;
  }
  if (name == "sweep-runs") return sweep_runs_command(rest);
  if (name == "--version") return version_command({});
  std::vector<std::string> names;
  for (const auto& command : kCommands) {
    if (name == command.name) return command.run(rest);
    names.emplace_back(command.name);
  }
  throw InputError("", "unknown command \"" + name + "\"; allowed: " + join(names) +
                           did_you_mean(nearest_name(name, names)));
}

}  // namespace

}  // namespace lorafleet::tools

int main(int count, char** values) {
  using namespace lorafleet;
  model::configure_process();
  try {
    return tools::dispatch({values + 1, values + count});
  } catch (const InputError& error) {
    tools::print_error(error.what());
    return tools::kBadInput;
  } catch (const std::exception& error) {
    tools::print_error(message_of(error));
    return tools::kFailed;
  }
}
