#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "actors/run/run_options.hpp"
#include "tools/command_line.hpp"
#include "tools/terminal/console.hpp"

namespace spdlog {
class logger;
}

namespace lorafleet::tools {

/// How a run shows itself on stderr.
enum class ProgressKind {
  panel,  ///< a live panel under the log lines
  plain,  ///< log lines, at most one in five seconds about how far it is
  none,   ///< only warnings
  json,   ///< an object a line, warnings and log lines too
};

/// --progress and --quiet.
void add_progress(CommandLine& line);
/// What they came to. Throws InputError.
ProgressKind progress_of(const CommandLine& line);
/// Where there is only --quiet: the panel on a terminal, plain lines elsewhere.
ProgressKind progress_unless(bool quiet);

/// What a user sees of a run, on stderr. Thread-safe.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(ProgressKind kind);
  ~ProgressDisplay();

  void info(const std::string& text);
  void warning(const std::string& text);
  void update(const actors::Progress& progress);
  /// Takes the panel away, or says how far the run came.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Clock::duration pause() const;
  void tell(const char* kind, const std::string& text);
  void tell(const actors::Progress& progress);
  void draw();
  void draw_each_second(const std::stop_token& stop);

  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;
  ProgressKind kind_;
  LivePanel panel_{stderr};
  std::optional<actors::Progress> latest_;  // that the panel shows
  Clock::time_point told_;                  // when that was
  std::optional<Clock::time_point> last_;
  std::optional<actors::Progress> end_;  // of a run that is done: told once, by `finish`
  std::condition_variable_any second_;
  std::jthread
      clock_;  // of the panel: nothing may be told for minutes; the last member, ends first
};

/// Observers of a run that show on `display`, which must outlive it.
actors::RunOptions observed_by(ProgressDisplay& display);

}  // namespace lorafleet::tools
