#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace spdlog {
class logger;
}

namespace lorafleet::actors {

/// run.log: time-stamped lines, flushed one by one, with control characters replaced. Each line
/// also goes to the listener, if there is one, one at a time. Of any thread.
class RunLog {
 public:
  using Listener = std::function<void(const std::string&)>;
  /// `append` keeps what the file has. Throws RuntimeFailure where it cannot be written.
  RunLog(const std::filesystem::path& file, Listener info, Listener warning, bool append = false);
  ~RunLog();

  void info(const std::string& line);
  void warning(const std::string& line);
  /// To the file alone.
  void note(const std::string& line);

 private:
  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  Listener info_;
  Listener warning_;
};

}  // namespace lorafleet::actors
