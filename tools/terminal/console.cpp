#include "tools/terminal/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

#include "partition/support/printable.hpp"

namespace lorafleet::tools {

namespace {

/// "" where it is not set.
std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Of LC_ALL, LC_CTYPE and LANG the first that is set decides.
bool has_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(environment(name));
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return value.find("utf-8") != value.npos || value.find("utf8") != value.npos;
  }
  return false;
}

/// Rows and columns; 0 where they are not known.
winsize size_of(std::FILE* stream) {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0) return {};
  return size;
}

void print_labelled(std::string_view label, std::string_view color, std::string_view raw) {
  const std::string safe = printable(raw, true);
  std::string_view text = safe;
  std::string prefix(label);
  if (has_color(stderr)) prefix = std::string(color).append(label).append("\033[0m");
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

bool is_live_terminal(std::FILE* stream) {
  const std::string_view term = environment("TERM");
  return ::isatty(::fileno(stream)) == 1 && !term.empty() && term != "dumb";
}

bool has_color(std::FILE* stream) {
  if (!environment("NO_COLOR").empty()) return false;
  const std::string_view forced = environment("CLICOLOR_FORCE");
  if (!forced.empty() && forced != "0") return true;
  return is_live_terminal(stream);
}

PanelStyle style_of(std::FILE* stream) {
  const winsize size = size_of(stream);
  return {size.ws_col == 0 ? std::size_t{80} : size.ws_col, has_color(stream), has_utf8_locale()};
}

void LivePanel::draw(const actors::Progress& progress) {
  PanelStyle style = style_of(stream_);
  --style.width;  // a full line would make some terminals begin the next one
  auto lines = panel_of(progress, style);
  const std::size_t rows = size_of(stream_).ws_row;
  if (rows > 1 && lines.size() > rows - 1) lines.resize(rows - 1);
  std::string text;
  if (shown_ > 0) text = "\033[" + std::to_string(shown_) + "A";
  text += "\r";
  for (const std::string& line : lines)
    text += line + "\033[K\n";
  text += "\033[J";
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
  shown_ = lines.size();
}

void LivePanel::clear() {
  if (shown_ == 0) return;
  std::fputs(("\033[" + std::to_string(shown_) + "A\r\033[J").c_str(), stream_);
  std::fflush(stream_);
  shown_ = 0;
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
