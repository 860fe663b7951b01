#pragma once

#include <string>
#include <vector>

namespace lorafleet::tools {

/// The status with which the program ends.
enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,        ///< the run failed, or bytes differ
  kBadInput = 2,      ///< usage, scenario or data
  kMissed = 3,        ///< a threshold of [expect] was missed
  kInterrupted = 130  ///< by SIGINT or SIGTERM
};

using Arguments = std::vector<std::string>;

// One subcommand each, without its name in the arguments. They throw InputError (status 2) and
// other exceptions (status 1).
int run_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int partition_command(const Arguments& arguments);
int evaluate_command(const Arguments& arguments);
int generate_command(const Arguments& arguments);
int import_command(const Arguments& arguments);
int merge_command(const Arguments& arguments);
int new_base_command(const Arguments& arguments);
int report_command(const Arguments& arguments);
int compare_command(const Arguments& arguments);
int sweep_command(const Arguments& arguments);
/// A part of `sweep` in a process of its own; no command for users.
int sweep_runs_command(const Arguments& arguments);
int host_command(const Arguments& arguments);
int status_command(const Arguments& arguments);
int watch_command(const Arguments& arguments);
int verify_command(const Arguments& arguments);
int schema_command(const Arguments& arguments);
int calibrate_command(const Arguments& arguments);
int version_command(const Arguments& arguments);

}  // namespace lorafleet::tools
