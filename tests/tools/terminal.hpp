#pragma once

#include <fcntl.h>
#include <pty.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "partition/support/utf8.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/terminal/columns.hpp"

namespace lorafleet::tests {

/// What stands on a terminal after the bytes that it was fed: the few sequences that lorafleet
/// uses. Throws where a line runs over its width, and for other control characters.
class Screen {
 public:
  explicit Screen(std::size_t columns) : columns_(columns) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      if (bytes.front() == '\033') {
        escape(bytes);
        continue;
      }
      const char32_t letter = take_code_point(bytes);
      if (letter == U'\r') {
        column_ = 0;
      } else if (letter == U'\n') {
        ++row_;  // and the terminal's driver goes to the line's beginning
        column_ = 0;
      } else if (letter < U' ') {
        throw std::runtime_error("a control character");
      } else {
        put(letter);
      }
    }
  }
  [[nodiscard]] const std::vector<std::string>& rows() const { return rows_; }
  [[nodiscard]] bool shows(const std::string& text) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const std::string& row) { return row.find(text) != row.npos; });
  }

 private:
  void escape(std::string_view& bytes) {
    const std::size_t end = bytes.find_first_not_of("0123456789;", 2);
    if (!bytes.starts_with("\033[") || end == bytes.npos) throw std::runtime_error("an escape");
    const std::string argument(bytes.substr(2, end - 2));
    const std::size_t number = argument.empty() ? 0 : std::stoul(argument);
    switch (bytes[end]) {
      case 'A':
        if (number > row_) throw std::runtime_error("above the top");
        row_ -= number;
        break;
      case 'K':
        cut(row_);
        break;
      case 'J':
        cut(row_);
        rows_.resize(std::min(rows_.size(), row_ + 1));
        break;
      case 'm':
        ++colors_;
        break;
      default:
        throw std::runtime_error("an unknown escape");
    }
    bytes.remove_prefix(end + 1);
  }
  /// Rows are written from their beginning on, so that what is on the right of the cursor is all
  /// that an erasure takes.
  void cut(std::size_t row) {
    if (row < rows_.size()) rows_[row] = fitting_text(rows_[row], column_);
  }
  static std::string fitting_text(std::string_view text, std::size_t columns) {
    return std::string(tools::fitting(text, columns));
  }
  void put(char32_t letter) {
    rows_.resize(std::max(rows_.size(), row_ + 1));
    std::string& row = rows_[row_];
    const std::string before = fitting_text(row, column_);
    const std::size_t width = tools::columns_of(letter);
    std::string_view after = row;
    after.remove_prefix(fitting_text(row, column_ + width).size());
    std::string text = before;
    append_utf8(text, letter);
    row = text + std::string(after);
    column_ += width;
    if (column_ > columns_) throw std::runtime_error("a line that is too wide: " + row);
  }

  std::size_t columns_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::size_t colors_ = 0;
  std::vector<std::string> rows_;
};

/// What a program wrote on a terminal, and how it ended.
struct OnTerminal {
  int status = -1;
  std::string bytes;  ///< of stderr, or of both where stdout is the terminal too
};

/// Runs `lorafleet` with stderr, and stdout where `both`, on a terminal of `columns` columns;
/// `environment`: "NO_COLOR=1".
inline OnTerminal run_on_terminal(const std::vector<std::string>& arguments, std::size_t columns,
                                  bool both = false,
                                  const std::vector<std::string>& environment = {}) {
  int master = -1;
  int slave = -1;
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 24;
  if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0)
    throw std::runtime_error("no terminal");
  termios mode{};
  ::tcgetattr(slave, &mode);
  ::cfmakeraw(&mode);  // no "\r" that nobody wrote
  ::tcsetattr(slave, TCSANOW, &mode);
  std::vector<std::string> texts = {"env", "TERM=xterm", "LC_ALL=C.UTF-8"};
  texts.insert(texts.end(), environment.begin(), environment.end());
  texts.emplace_back(LORAFLEET_PROGRAM);
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& text : texts)
    argv.push_back(text.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (both) {
    ::posix_spawn_file_actions_adddup2(&actions, slave, 1);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&actions, slave, 2);
  ::posix_spawn_file_actions_addclose(&actions, master);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(slave);
  if (failed != 0) throw std::runtime_error("cannot start");
  OnTerminal result;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(master, buffer, sizeof buffer)) > 0;)
    result.bytes.append(buffer, static_cast<std::size_t>(got));
  ::close(master);
  int status = 0;
  ::waitpid(pid, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace lorafleet::tests
