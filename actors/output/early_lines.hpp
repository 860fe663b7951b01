#pragma once

#include <string>
#include <vector>

#include "actors/output/run_log.hpp"
#include "actors/run/run_options.hpp"

namespace lorafleet::actors {

/// Passes lines on at once, and again into the log as soon as there is one.
class EarlyLines {
 public:
  explicit EarlyLines(const RunOptions& options)
      : log([this, &options](const std::string& line) {
          lines_.push_back(line);
          options.log(line);
        }),
        warning([this, &options](const std::string& line) {
          lines_.push_back("warning: " + line);
          options.warning(line);
        }) {}
  EarlyLines(const EarlyLines&) = delete;
  EarlyLines& operator=(const EarlyLines&) = delete;

  void replay(RunLog& run_log) const {
    for (const auto& line : lines_)
      run_log.note(line);
  }

  const RunLog::Listener log;
  const RunLog::Listener warning;

 private:
  std::vector<std::string> lines_;
};

}  // namespace lorafleet::actors
