#include "tools/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "partition/support/printable.hpp"

namespace lorafleet::tools {

namespace {

bool has_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return has_live_terminal() && (no_color == nullptr || *no_color == '\0');
}

void print_labelled(std::string_view label, std::string_view color, std::string_view raw) {
  const std::string safe = printable(raw, true);
  std::string_view text = safe;
  std::string prefix(label);
  if (has_color()) prefix = std::string(color).append(label).append("\033[0m");
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) lines.append(prefix).append(" ").append(line).append("\n");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  std::fputs(lines.c_str(), stderr);
}

}  // namespace

bool has_live_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void print_error(std::string_view text) {
  print_labelled("error:", "\033[31m", text);
}
void print_warning(std::string_view text) {
  print_labelled("warning:", "\033[33m", text);
}
void print_note(std::string_view text) {
  print_labelled("note:", "\033[36m", text);
}

}  // namespace lorafleet::tools
