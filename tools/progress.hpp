#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "actors/run/run_options.hpp"

namespace spdlog {
class logger;
}

namespace lorafleet::tools {

/// What a user sees of a run, on stderr: on a terminal one live line, elsewhere plain log lines, at
/// most one in five seconds. Thread-safe.
class ProgressDisplay {
 public:
  /// `versions`: of [stop], 0 where there is none. Quiet: only warnings.
  ProgressDisplay(std::int64_t versions, bool quiet);
  ~ProgressDisplay();

  void info(const std::string& text);
  void warning(const std::string& text);
  void update(const actors::Progress& progress);
  /// Takes the live line away.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::string describe(const actors::Progress& progress) const;
  void clear_line();

  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;
  std::int64_t versions_;
  bool quiet_;
  bool live_;
  bool line_shown_ = false;
  std::optional<Clock::time_point> last_;
};

/// Observers of a run that show on `display`, which must outlive it.
actors::RunOptions observed_by(ProgressDisplay& display);

}  // namespace lorafleet::tools
