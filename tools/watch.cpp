#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "actors/coordinator/run_status.hpp"
#include "actors/output/progress_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/printable.hpp"
#include "tools/command_line.hpp"
#include "tools/commands.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/outcome_text.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{250};
constexpr std::chrono::seconds kBetweenLines{5};

/// Whether a run works in `folder`: it holds the folder's lock (support/files.hpp). FolderLock
/// tries again where it meets this look.
bool is_at_work(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool locked = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return locked;
}

/// Why a run that failed did so, as its log ends.
std::string last_words(const fs::path& folder) {
  std::string last;
  try {
    for_each_line(folder / "run.log", [&](std::string_view line, std::size_t) {
      if (!line.empty()) last = line;
    });
  } catch (const InputError&) {
    return "";  // it did not come that far
  }
  return last.empty() ? "" : "; its log ends: " + printable(last);
}

enum class Form { panel, lines, json };

/// What a run's folder says now and then, on stdout.
class Watcher {
 public:
  Watcher(fs::path folder, Form form, bool once)
      : folder_(std::move(folder)), form_(form), once_(once) {}

  int watch() {
    while (true) {
      const bool at_work = is_at_work(folder_);
      const auto progress = read();
      if (at_work && progress) {
        show(*progress);
        if (once_) return kDone;
      }
      if (!at_work && !is_at_work(folder_)) return ended();
      std::this_thread::sleep_for(kLook);
    }
  }

 private:
  [[nodiscard]] std::optional<actors::Progress> read() {
    const fs::path file = folder_ / actors::ProgressFile::kName;
    if (!fs::exists(file)) return std::nullopt;
    try {
      written_ = fs::last_write_time(file);
      text_ = read_file(file);
    } catch (const std::exception&) {
      return std::nullopt;  // it ended a moment ago
    }
    return actors::parse_progress(text_, file.string());
  }

  /// Of a run that may not have told anything for minutes.
  [[nodiscard]] actors::Progress current(const actors::Progress& progress) const {
    const auto age = fs::file_time_type::clock::now() - written_;
    return aged(progress, std::chrono::duration<double>(age).count());
  }

  void show(const actors::Progress& progress) {
    if (form_ == Form::panel && !once_) {
      panel_.draw(current(progress));
      return;
    }
    if (text_ == shown_) return;
    const auto now = Clock::now();
    if (form_ == Form::lines && last_ && now - *last_ < kBetweenLines) return;
    last_ = now;
    shown_ = text_;
    if (form_ == Form::json) {
      std::cout << actors::progress_json(progress) << std::endl;
    } else if (once_) {
      for (const std::string& line : panel_of(current(progress), style_of(stdout)))
        std::cout << line << "\n";
    } else {
      std::cout << line_of(progress) << std::endl;
    }
  }

  /// Nobody works there.
  int ended() {
    panel_.clear();
    if (!fs::exists(folder_ / "summary.json")) {
      if (!fs::exists(folder_ / "scenario.toml")) {
        throw InputError(folder_.string(),
                         "is no run directory; allowed: the DIR of `lorafleet "
                         "run --out DIR`, from its start on");
      }
      throw RuntimeFailure(folder_.string() +
                           ": the run failed or was killed; `lorafleet run --resume` goes on from "
                           "its latest checkpoint" +
                           last_words(folder_));
    }
    const NamedOutcome found = read_outcome(folder_);
    if (form_ == Form::json) {
      std::cout << nlohmann::json::parse(read_file(folder_ / "summary.json")).dump() << "\n";
    } else {
      std::cout << outcome_text(found.name, found.outcome, folder_);
    }
    if (found.outcome.status == actors::kRunCompleted) return kDone;
    return found.outcome.status == actors::kRunInterrupted ? kInterrupted : kFailed;
  }

  fs::path folder_;
  Form form_;
  bool once_;
  LivePanel panel_{stdout};
  std::string text_;  // of progress.json
  fs::file_time_type written_;
  std::string shown_;  // the one that was shown last
  std::optional<Clock::time_point> last_;
};

}  // namespace

int watch_command(const Arguments& arguments) {
  CommandLine line("watch", "Follows a run of another process until it has ended.",
                   "watch runs/seed7");
  line.positional("DIR", "its run directory");
  line.flag("once", "show how far it is, and do not wait");
  line.flag(
      "json",
      "print progress.json whenever it has changed, and summary.json at the end, a line each");
  line.note(
      "On a terminal a live panel, elsewhere a line every five seconds at most.\n"
      "Exit status: 0 it completed (--once: or works), 1 it failed, was killed or made no "
      "progress, "
      "2 bad input, 130 it was interrupted.");
  if (!line.parse(arguments)) return kDone;
  const Form form = line.on("json")            ? Form::json
                    : is_live_terminal(stdout) ? Form::panel
                                               : Form::lines;
  return Watcher(line.text("DIR"), form, line.on("once")).watch();
}

}  // namespace lorafleet::tools
