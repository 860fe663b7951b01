#include "partition/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "partition/support/error.hpp"

extern char** environ;

namespace lorafleet {

namespace {

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw RuntimeFailure(std::string("cannot make a pipe: ") + std::strerror(errno));
    }
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int reading() const { return ends_[0]; }
  [[nodiscard]] int writing() const { return ends_[1]; }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  /// What is there to read; empty at the end.
  std::string read_some() {
    std::array<char, 65536> buffer;
    ssize_t count = 0;
    do {
      count = ::read(ends_[0], buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

/// Collects the child on every way out; without its readers it ends by SIGPIPE.
class Child {
 public:
  /// `apart`: in a process group of its own.
  Child(const std::vector<std::string>& arguments, const Pipe& output, const Pipe& errors,
        bool apart) {
    std::vector<char*> argv;
    for (const auto& argument : arguments) {
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    std::string locale = "LC_ALL=C.UTF-8";
    std::vector<char*> environment = {locale.data()};
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!std::string_view(*entry).starts_with("LC_ALL=")) environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.writing(), 1);
    posix_spawn_file_actions_adddup2(&actions, errors.writing(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    if (apart) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int failed =
        ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
      pid_ = -1;
      throw RuntimeFailure("cannot start " + arguments[0] + ": " + std::strerror(failed));
    }
  }
  ~Child() {
    if (pid_ >= 0) wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void terminate() const { ::kill(pid_, SIGTERM); }

  int wait() {
    const pid_t pid = std::exchange(pid_, -1);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

/// Cuts a stream of bytes into lines.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& line) : line_(line) {}
  void feed(std::string_view bytes) {
    for (;;) {
      const auto end = bytes.find('\n');
      rest_ += bytes.substr(0, end);
      if (end == bytes.npos) return;
      line_(rest_);
      rest_.clear();
      bytes.remove_prefix(end + 1);
    }
  }
  void finish() {
    if (!rest_.empty()) line_(rest_);
  }

 private:
  const std::function<void(std::string_view)>& line_;
  std::string rest_;
};

void keep_last(std::string& text, std::size_t size) {
  if (text.size() > size) text.erase(0, text.size() - size);
}

}  // namespace

ProcessResult run_program(const std::vector<std::string>& arguments,
                          const std::function<void(std::string_view)>& line,
                          const std::stop_token& stop) {
  ProcessResult result;
  std::optional<Child> child;
  Pipe output;
  Pipe errors;
  child.emplace(arguments, output, errors, stop.stop_possible());
  output.close_end(1);
  errors.close_end(1);
  Lines lines(line);
  std::optional<std::stop_callback<std::function<void()>>> on_stop;
  on_stop.emplace(stop, [&] { child->terminate(); });
  std::array<pollfd, 2> open = {{{output.reading(), POLLIN, 0}, {errors.reading(), POLLIN, 0}}};
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    if (::poll(open.data(), open.size(), -1) < 0 && errno != EINTR) break;
    if (open[0].fd >= 0 && open[0].revents != 0) {
      const auto bytes = output.read_some();
      lines.feed(bytes);
      if (bytes.empty()) open[0].fd = -1;
    }
    if (open[1].fd >= 0 && open[1].revents != 0) {
      const auto bytes = errors.read_some();
      result.errors += bytes;
      keep_last(result.errors, std::size_t{64} << 10);
      if (bytes.empty()) open[1].fd = -1;
    }
  }
  on_stop.reset();
  lines.finish();
  result.status = child->wait();
  return result;
}

}  // namespace lorafleet
