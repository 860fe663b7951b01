#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::tests {

struct Output {
  int status = -1;  ///< of the exit; 128 + signal where one ended it
  std::string out;
  std::string err;
};

/// `err` without what a machine whose environment asks for older kernels makes the program say.
inline std::string without_kernel_warnings(const std::string& err) {
  std::string kept;
  std::istringstream lines(err);
  for (std::string line; std::getline(lines, line);) {
    const bool of_machine =
        line.starts_with("warning: ") && line.find(", though this CPU has ") != std::string::npos;
    if (!of_machine) kept += line + (lines.eof() ? "" : "\n");
  }
  return kept;
}

/// The `lorafleet` program in a process of its own.
class Program {
 public:
  /// Starts it, in `working_folder` unless that is empty; its output goes to files until `wait`.
  /// `through`: a command that becomes it ("ip", "netns", "exec", "a").
  explicit Program(const std::vector<std::string>& arguments,
                   const std::string& working_folder = "",
                   const std::vector<std::string>& through = {}) {
    std::vector<std::string> texts = through;
    texts.emplace_back(LORAFLEET_PROGRAM);
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& text : texts)
      argv.push_back(text.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, (folder_ / "out").c_str(), kFlags, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, (folder_ / "err").c_str(), kFlags, 0600);
    if (!working_folder.empty()) {
      ::posix_spawn_file_actions_addchdir_np(&actions, working_folder.c_str());
    }
    const int failed = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("cannot start " + texts[0]);
  }

  void signal(int number) const { ::kill(pid_, number); }
  /// What it has written to stderr so far.
  [[nodiscard]] std::string err() const { return read_file(folder_ / "err"); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Whether it has ended; `wait` still gives its output.
  bool ended() {
    if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }

  Output wait() {
    if (!ended_) ::waitpid(pid_, &status_, 0);
    ended_ = true;
    const int status = status_;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            read_file(folder_ / "out"), without_kernel_warnings(read_file(folder_ / "err"))};
  }

 private:
  TemporaryFolder folder_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

inline Output run_program(const std::vector<std::string>& arguments,
                          const std::string& working_folder = "") {
  return Program(arguments, working_folder).wait();
}

}  // namespace lorafleet::tests
