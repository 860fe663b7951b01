#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "actors/output/run_log.hpp"
#include "actors/run/run_options.hpp"

namespace lorafleet::actors {

/// Passes lines on at once, and again into the log as soon as there is one; later ones go there. Of
/// any thread.
class EarlyLines {
 public:
  explicit EarlyLines(const RunOptions& options)
      : log([this, &options](const std::string& line) {
          const std::scoped_lock lock(mutex_);
          if (run_log_ != nullptr) return run_log_->info(line);
          lines_.push_back(line);
          options.log(line);
        }),
        warning([this, &options](const std::string& line) {
          const std::scoped_lock lock(mutex_);
          if (run_log_ != nullptr) return run_log_->warning(line);
          lines_.push_back("warning: " + line);
          options.warning(line);
        }) {}
  EarlyLines(const EarlyLines&) = delete;
  EarlyLines& operator=(const EarlyLines&) = delete;

  /// `run_log` must outlive whoever has lines.
  void replay(RunLog& run_log) {
    const std::scoped_lock lock(mutex_);
    for (const auto& line : lines_)
      run_log.note(line);
    run_log_ = &run_log;
  }

  const RunLog::Listener log;
  const RunLog::Listener warning;

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
  RunLog* run_log_ = nullptr;
};

}  // namespace lorafleet::actors
