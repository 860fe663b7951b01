#pragma once

#include <cstddef>
#include <cstdio>
#include <string_view>

#include "tools/terminal/panel.hpp"

namespace lorafleet::tools {

/// Whether `stream` (stdout or stderr) is a terminal that can redraw lines.
bool is_live_terminal(std::FILE* stream);

/// Whether to colour what goes to `stream`: on a terminal; CLICOLOR_FORCE, where it is set and not
/// 0, also elsewhere; NO_COLOR, where it is set and not empty, nowhere (no-color.org,
/// bixense.com/clicolors).
bool has_color(std::FILE* stream);

/// What can be shown there: its columns (80 where that is not known), colours, and letters for
/// pictures where the locale has UTF-8.
PanelStyle style_of(std::FILE* stream);

/// A few lines at the bottom of a terminal that are drawn again in place.
class LivePanel {
 public:
  explicit LivePanel(std::FILE* stream) : stream_(stream) {}
  ~LivePanel() { clear(); }
  LivePanel(const LivePanel&) = delete;
  LivePanel& operator=(const LivePanel&) = delete;

  void draw(const actors::Progress& progress);
  /// Takes them away; what is printed next stands in their place.
  void clear();

 private:
  std::FILE* stream_;
  std::size_t shown_ = 0;  // lines
};

/// "error: ...", "warning: ..." and "note: ..." on stderr, a line for each line of `text`.
void print_error(std::string_view text);
void print_warning(std::string_view text);
void print_note(std::string_view text);

}  // namespace lorafleet::tools
