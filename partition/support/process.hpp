#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet {

/// How a program ended.
struct ProcessResult {
  int status = 0;      ///< exit status; 128 + signal where a signal ended it
  std::string errors;  ///< what it wrote to stderr, at most its last 64 KiB
};

/// Runs `arguments[0]`, found on PATH, without a shell and without input, and waits for it; `line`
/// gets each line of its stdout. Its messages are in English (LC_ALL=C.UTF-8). Throws
/// RuntimeFailure where it cannot be started, and passes on what `line` throws. When `stop` is
/// requested the program gets one SIGTERM; with such a token the terminal's Ctrl-C goes to this
/// process alone.
ProcessResult run_program(const std::vector<std::string>& arguments,
                          const std::function<void(std::string_view)>& line,
                          const std::stop_token& stop = {});

}  // namespace lorafleet
