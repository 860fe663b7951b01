#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "actors/run/run_options.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"

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
  /// Takes the panel away.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Clock::duration pause() const;
  void tell(const char* kind, const std::string& text);

  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;
  ProgressKind kind_;
  LivePanel panel_{stderr};
  std::optional<actors::Progress> latest_;  // that the panel shows
  std::optional<Clock::time_point> last_;
};

/// Observers of a run that show on `display`, which must outlive it.
actors::RunOptions observed_by(ProgressDisplay& display);

}  // namespace lorafleet::tools
